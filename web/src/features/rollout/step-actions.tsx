'use client';

import { Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { RotateCw, SkipForward } from 'lucide-react';
import { useState } from 'react';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useRolloutAct } from './acts.js';
import type { StepModel } from './model/step-model.js';
import { rolloutActionWords as words } from './words.js';

interface StepActionsProps { rolloutId: string; step: StepModel }

function SkipDialog({ rolloutId, step, opened, onClose }: StepActionsProps & { opened: boolean; onClose: () => void }) {
  const [note, setNote] = useState('');
  const act = useRolloutAct(rolloutId);
  const skip = () => act.mutate({ verb: 'skip', step: step.id, note: note.trim() }, { onSuccess: onClose });
  return (
    <ConfirmDialog opened={opened} title={words.skipTitle(step.component, step.host)} confirm={words.skipConfirm} onConfirm={skip} onClose={onClose} busy={act.isPending} disabled={note.trim() === ''} error={act.error} destructive>
      <Text size="sm">{words.skipBody}</Text>
      <Textarea label={words.skipNote} required minRows={2} autosize maxLength={500} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
    </ConfirmDialog>
  );
}

/** The answers to one failed placement. */
export function StepActions({ rolloutId, step }: StepActionsProps) {
  const [skipping, dialog] = useDisclosure(false);
  const act = useRolloutAct(rolloutId);
  const retry = () => act.mutate({ verb: 'retry', step: step.id });
  return (
    <>
      <GuardedButton right="deploy.apply" size="compact-sm" leftSection={<RotateCw size={14} aria-hidden />} loading={act.isPending} onClick={retry} aria-label={words.retryOf(step.component, step.host)}>{words.retry}</GuardedButton>
      <GuardedButton right="deploy.apply" size="compact-sm" variant="default" leftSection={<SkipForward size={14} aria-hidden />} onClick={dialog.open} aria-label={words.skipOf(step.component, step.host)}>{words.skip}</GuardedButton>
      {act.error && <ProblemCard error={act.error} />}
      <SkipDialog rolloutId={rolloutId} step={step} opened={skipping} onClose={dialog.close} />
    </>
  );
}
