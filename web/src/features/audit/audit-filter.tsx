'use client';

import { Button, Group, NativeSelect, SimpleGrid, TextInput } from '@mantine/core';
import { useState, type SubmitEvent } from 'react';
import { Panel } from '../../ui/panel.js';
import { fromField, results, toField, type AuditFilter } from './filter.js';
import { auditWords as words } from './words.js';

/** Starts over when the address changes: give it the address as its key. */
export function AuditFilterForm({ filter, onFilter }: { filter: AuditFilter; onFilter: (filter: AuditFilter) => void }) {
  const [draft, setDraft] = useState(filter);
  const set = (part: AuditFilter) => setDraft((before) => ({ ...before, ...part }));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onFilter(draft);
  };
  const { fields, hints } = words;
  return (
    <form onSubmit={submit} role="search" aria-label={words.filter}>
      <Panel>
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
          {(['actor', 'action', 'target'] as const).map((key) => (
            <TextInput key={key} label={fields[key]} placeholder={hints[key]} autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={200} value={draft[key] ?? ''} onChange={(event) => set({ [key]: event.currentTarget.value })} />
          ))}
          <NativeSelect label={fields.result} value={draft.result ?? ''} onChange={(event) => set({ result: event.currentTarget.value })} data={[{ value: '', label: words.any }, ...results.map((value) => ({ value, label: words.results[value] }))]} />
          {(['since', 'until'] as const).map((key) => (
            <TextInput key={key} type="datetime-local" label={fields[key]} value={toField(draft[key])} onChange={(event) => set({ [key]: fromField(event.currentTarget.value) })} />
          ))}
        </SimpleGrid>
        <Group gap="sm" mt="sm">
          <Button type="submit">{words.show}</Button>
          {Object.keys(filter).length > 0 && <Button variant="default" onClick={() => onFilter({})}>{words.clear}</Button>}
        </Group>
      </Panel>
    </form>
  );
}
