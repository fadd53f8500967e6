'use client';

import { Button, Stack, Text } from '@mantine/core';
import { ShieldCheck } from 'lucide-react';
import type { AuditVerdict } from '../../api/types.js';
import { Note } from '../../ui/note.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { auditWords } from './words.js';
import { useVerify } from './queries.js';

const { verify: words } = auditWords;

function Verdict({ verdict: { ok, entries, bad_id: bad, reason, anchor } }: { verdict: AuditVerdict }) {
  if (ok) return <Note tone="good" title={words.good(entries)} role="status"><Text size="sm">{words.goodDetail(anchor)}</Text></Note>;
  return <Note tone="bad" title={words.bad(bad ?? 0, reason ?? '')} role="alert"><Text size="sm">{words.badDetail(entries)}</Text></Note>;
}

/** The button on top, and what it found, in a sentence. */
export function useVerifyPanel() {
  const verify = useVerify();
  const button = <Button variant="default" leftSection={<ShieldCheck size={16} aria-hidden />} loading={verify.isPending} onClick={() => verify.mutate()}>{verify.data ? words.again : words.open}</Button>;
  const found = (verify.data || verify.error) && (
    <Stack gap="sm">
      {verify.data && <Verdict verdict={verify.data} />}
      {verify.error && <ProblemCard error={verify.error} onRetry={() => verify.mutate()} />}
    </Stack>
  );
  return { button, found };
}
