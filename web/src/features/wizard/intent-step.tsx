'use client';

import { Checkbox, Group, Stack } from '@mantine/core';
import { TextField } from './fields.js';
import { useWizard } from './wizard-context.js';
import { fieldWords } from './words.js';

function DependsOn() {
  const { answers, set, problems, base } = useWizard();
  const others = base?.components.filter((name) => name !== answers.component) ?? [];
  if (others.length === 0) return null;
  const { label, help } = fieldWords.depends_on;
  return (
    <Checkbox.Group label={label} description={help} error={problems.depends_on} value={answers.depends_on} onChange={(names) => set({ depends_on: names })}>
      <Group gap="md" mt="xs">{others.map((name) => <Checkbox key={name} value={name} label={name} />)}</Group>
    </Checkbox.Group>
  );
}

export function IntentStep() {
  const { entry } = useWizard();
  return (
    <Stack gap="md">
      <TextField field="project" required readOnly={entry !== 'new'} code />
      <TextField field="component" required code />
      <DependsOn />
    </Stack>
  );
}
