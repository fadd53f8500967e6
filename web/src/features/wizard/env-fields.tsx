'use client';

import { ActionIcon, Button, Checkbox, Group, Input, Stack, Text, TextInput } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';
import { useId, useRef } from 'react';
import type { EnvEntry } from './model/answers.js';
import { looksSecret } from './model/draft.js';
import { useWizard } from './wizard-context.js';
import { fieldWords, runtimeWords as words } from './words.js';
import styles from './wizard.module.css';

interface RowProps { entry: EnvEntry; index: number; onChange: (patch: Partial<EnvEntry>) => void; onRemove: () => void }

function Row({ entry: { name, value, secret }, index, onChange, onRemove }: RowProps) {
  const at = index + 1;
  return (
    <div className={styles.variable}>
      <TextInput size="xs" aria-label={words.variableName(at)} placeholder="e.g. LOG_LEVEL" value={name} spellCheck={false} autoComplete="off" onChange={(event) => onChange({ name: event.currentTarget.value })} />
      <TextInput size="xs" aria-label={secret ? words.variablePath(at) : words.variableValue(at)} placeholder={secret ? 'e.g. db/password' : 'e.g. info'} leftSection={secret ? '://' : undefined} value={value} spellCheck={false} autoComplete="off" onChange={(event) => onChange({ value: event.currentTarget.value })} />
      <Group gap="xs" wrap="nowrap">
        <Checkbox size="xs" label={words.inVault} aria-label={words.variableSecret(at)} checked={secret} onChange={(event) => onChange({ secret: event.currentTarget.checked })} />
        <ActionIcon variant="subtle" color="gray" aria-label={words.remove(at)} onClick={onRemove}><Trash2 size={16} aria-hidden /></ActionIcon>
      </Group>
    </div>
  );
}

export function EnvFields() {
  const { answers: { env }, set, problems } = useWizard();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const change = (index: number, patch: Partial<EnvEntry>) => set({ env: env.map((entry, at) => (at === index ? { ...entry, ...patch } : entry)) });
  const add = () => {
    set({ env: [...env, { name: '', value: '', secret: false }] });
    requestAnimationFrame(() => [...(list.current?.querySelectorAll<HTMLInputElement>('input:not([type=checkbox])') ?? [])].at(-2)?.focus());
  };
  const bare = env.filter(({ name, secret }) => !secret && looksSecret(name)).map(({ name }) => name);
  return (
    <div role="group" aria-labelledby={id} ref={list}>
      <Input.Label id={id} labelElement="div">{fieldWords.env.label}</Input.Label>
      <Text size="xs" c="dimmed" mb={6}>{fieldWords.env.help}</Text>
      <Stack gap={6}>
        {env.map((entry, index) => <Row key={index} entry={entry} index={index} onChange={(patch) => change(index, patch)} onRemove={() => set({ env: env.filter((_, at) => at !== index) })} />)}
        {bare.length > 0 && <Text size="xs" className={styles.warning}>{words.looksSecret(bare.join(', '))}</Text>}
        {problems.env !== undefined && <Input.Error>{problems.env}</Input.Error>}
        <div><Button size="compact-sm" variant="default" leftSection={<Plus size={14} aria-hidden />} onClick={add}>{words.addVariable}</Button></div>
      </Stack>
    </div>
  );
}
