'use client';

import { NativeSelect, Stack, Title } from '@mantine/core';
import { EnvFields } from './env-fields.js';
import { ChoiceField, LinesField, TextField } from './fields.js';
import { healthKinds, restartsOf, runsInDocker, strategies, type HealthKind } from './model/answers.js';
import { useWizard } from './wizard-context.js';
import { fieldWords, healthWords, runtimeWords as words, strategyWords } from './words.js';

function StrategyField() {
  const { entry, answers, set, problems } = useWizard();
  if (entry === 'upgrade-component') return null;
  const locked = answers.hosts.length < 2;
  const { label, help } = fieldWords.strategy;
  return (
    <NativeSelect
      label={label} description={locked ? words.strategyLocked : help} disabled={locked} error={problems.strategy} value={answers.strategy}
      data={strategies.map((value) => ({ value, label: strategyWords[value] }))}
      onChange={(event) => { const { value } = event.currentTarget; set({ strategy: strategies.find((one) => one === value) ?? 'sequential' }); }}
    />
  );
}

const healthFields: Record<HealthKind, readonly ('health_url' | 'health_status' | 'health_port' | 'health_command' | 'health_start_period')[]> = {
  http: ['health_url', 'health_status', 'health_port', 'health_start_period'], tcp: ['health_port', 'health_start_period'], command: ['health_command', 'health_start_period'], none: [],
};

function HealthFields() {
  const { answers, set } = useWizard();
  return (
    <Stack gap="md">
      <Title order={3} size="h5">{words.health}</Title>
      <NativeSelect
        label={words.healthKind} value={answers.health} data={healthKinds.map((value) => ({ value, label: healthWords[value] }))}
        onChange={(event) => { const { value } = event.currentTarget; set({ health: healthKinds.find((kind) => kind === value) ?? 'none' }); }}
      />
      {healthFields[answers.health].map((field) => <TextField key={field} field={field} code />)}
    </Stack>
  );
}

export function RuntimeStep() {
  const { answers } = useWizard();
  const docker = runsInDocker(answers);
  return (
    <Stack gap="md">
      {docker ? <LinesField field="ports" /> : <TextField field="command" required code />}
      {!docker && <TextField field="working_directory" code />}
      {!docker && <TextField field="user" code />}
      <EnvFields />
      {docker && <LinesField field="volumes" />}
      <ChoiceField field="restart" options={restartsOf(answers)} />
      <TextField field="name" code />
      <StrategyField />
      <HealthFields />
    </Stack>
  );
}
