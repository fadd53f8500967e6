'use client';

import { Button, Checkbox, NativeSelect, NumberInput, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useState, type SubmitEvent } from 'react';
import { ProblemCard } from '../../ui/problem-card.js';
import { useRight } from '../session/me-context.js';
import { sessionWords } from '../session/words.js';
import { enrollWords as words } from './enroll-words.js';
import type { EnrollRequest } from './queries.js';

interface EnrollFormProps { initial: EnrollRequest; busy: boolean; error: unknown; onSubmit: (request: EnrollRequest) => void }

export function EnrollForm({ initial, busy, error, onSubmit }: EnrollFormProps) {
  const [host, setHost] = useState(initial.host);
  const [uses, setUses] = useState<number | string>(initial.uses);
  const [ttl, setTtl] = useState(String(initial.ttl_seconds));
  const [replace, setReplace] = useState(initial.replace);
  const mayReplace = useRight('node.revoke');
  const pattern = host.trim() === '' ? '*' : host.trim();
  const many = pattern.includes('*');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!busy) onSubmit({ host: pattern, uses: many ? Number(uses) || 1 : 1, ttl_seconds: Number(ttl), replace });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm">{words.lead}</Text>
        <TextInput label={words.name} description={words.nameHint} placeholder="web-01" name="host" autoComplete="off" autoCapitalize="none" spellCheck={false} data-autofocus value={host} onChange={(event) => setHost(event.currentTarget.value)} />
        {many && <NumberInput label={words.uses} description={words.usesHint} min={1} max={1000} allowDecimal={false} clampBehavior="strict" value={uses} onChange={setUses} hideControls />}
        <NativeSelect label={words.ttl} data={words.ttls.map(([value, label]) => ({ value, label }))} value={ttl} onChange={(event) => setTtl(event.currentTarget.value)} />
        <Tooltip label={sessionWords.lacksRight('node.revoke')} disabled={mayReplace} events={{ hover: true, focus: true, touch: true }}>
          <Checkbox label={words.replace} description={mayReplace ? words.replaceHint : sessionWords.lacksRight('node.revoke')} checked={replace} disabled={!mayReplace} onChange={(event) => setReplace(event.currentTarget.checked)} />
        </Tooltip>
        {error != null && <ProblemCard error={error} />}
        <div><Button type="submit" loading={busy}>{words.submit}</Button></div>
      </Stack>
    </form>
  );
}
