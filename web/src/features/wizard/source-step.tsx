'use client';

import { Radio, Stack } from '@mantine/core';
import { TextField } from './fields.js';
import { restartsOf, sourceKinds, type SourceKind } from './model/answers.js';
import { useWizard } from './wizard-context.js';
import { sourceWords, wizardWords } from './words.js';

export function SourceStep() {
  const { answers, set } = useWizard();
  const choose = (value: string) => {
    const source = sourceKinds.find((kind) => kind === value) ?? 'docker';
    set({ source, restart: restartsOf({ source })[0] ?? '' });
  };
  return (
    <Radio.Group label={wizardWords.kindOfSource} value={answers.source} onChange={choose}>
      <Stack gap="sm" mt="xs">{sourceKinds.map((kind) => <Radio key={kind} value={kind} label={sourceWords[kind].label} description={sourceWords[kind].help} />)}</Stack>
    </Radio.Group>
  );
}

const fieldsOf: Record<SourceKind, readonly ('image' | 'tag' | 'repo' | 'ref' | 'archive' | 'artifact' | 'subpath' | 'credentials')[]> = {
  docker: ['image', 'tag', 'credentials'], git: ['repo', 'ref', 'subpath', 'credentials'], archive: ['archive', 'subpath'], artifact: ['artifact', 'subpath'], none: [],
};
const required: readonly string[] = ['image', 'repo', 'archive', 'artifact'];

export function DetailsStep() {
  const { answers: { source } } = useWizard();
  const fields = fieldsOf[source];
  return <Stack gap="md">{fields.length === 0 ? sourceWords.none.help : fields.map((field) => <TextField key={field} field={field} required={required.includes(field)} code />)}</Stack>;
}
