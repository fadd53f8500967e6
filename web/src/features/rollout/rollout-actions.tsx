'use client';

import { Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { CircleCheck, CircleSlash, Pause, Play, RotateCw, Undo2 } from 'lucide-react';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useRolloutAct, type RolloutAct } from './acts.js';
import type { RolloutModel } from './rollout-model.js';
import { doneCount } from './rollout-sentence.js';
import { rolloutActionWords as words } from './words.js';

function AbortDialog({ model, opened, onClose }: { model: RolloutModel; opened: boolean; onClose: () => void }) {
  const act = useRolloutAct(model.id);
  return (
    <ConfirmDialog opened={opened} title={words.abortTitle} confirm={words.abortConfirm} onConfirm={() => act.mutate({ verb: 'abort' }, { onSuccess: onClose })} onClose={onClose} busy={act.isPending} error={act.error} destructive>
      <Text size="sm">{words.abortBody(doneCount(model), model.steps.length)}</Text>
    </ConfirmDialog>
  );
}

function RollbackDialog({ model, opened, onClose }: { model: RolloutModel; opened: boolean; onClose: () => void }) {
  const act = useRolloutAct(model.id);
  return (
    <ConfirmDialog opened={opened} title={words.rollbackTitle} confirm={words.rollbackConfirm} onConfirm={() => act.mutate({ verb: 'rollback' }, { onSuccess: onClose })} onClose={onClose} busy={act.isPending} error={act.error} destructive>
      <Text size="sm">{words.rollbackBody}</Text>
    </ConfirmDialog>
  );
}

/** The answers to a whole rollout, while it is open. */
export function RolloutActions({ model }: { model: RolloutModel }) {
  const [aborting, dialog] = useDisclosure(false);
  const [takingBack, rollbackDialog] = useDisclosure(false);
  const act = useRolloutAct(model.id);
  if (!model.open) return null;
  const paused = model.state === 'paused';
  const busy = (verb: RolloutAct['verb']): boolean => act.isPending && act.variables.verb === verb;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {paused && model.counts.failed > 0 && (
          <GuardedButton right="deploy.apply" leftSection={<RotateCw size={16} aria-hidden />} loading={busy('retry')} onClick={() => act.mutate({ verb: 'retry' })}>{words.retryAll}</GuardedButton>
        )}
        {paused && model.counts.failed === 0 && (
          <GuardedButton right="deploy.apply" leftSection={<Play size={16} aria-hidden />} loading={busy('resume')} onClick={() => act.mutate({ verb: 'resume' })}>{words.resume}</GuardedButton>
        )}
        {model.state === 'awaiting_approval' && (
          <GuardedButton right="deploy.approve" leftSection={<CircleCheck size={16} aria-hidden />} loading={busy('approve')} onClick={() => act.mutate({ verb: 'approve' })}>{words.approve}</GuardedButton>
        )}
        {(model.state === 'running' || model.state === 'awaiting_approval') && (
          <GuardedButton right="deploy.apply" variant="default" leftSection={<Pause size={16} aria-hidden />} loading={busy('pause')} onClick={() => act.mutate({ verb: 'pause' })}>{words.pause}</GuardedButton>
        )}
        {model.state !== 'pending' && (
          <GuardedButton right="deploy.rollback" variant="default" leftSection={<Undo2 size={16} aria-hidden />} onClick={rollbackDialog.open}>{words.rollback}</GuardedButton>
        )}
        <GuardedButton right="deploy.apply" variant="default" leftSection={<CircleSlash size={16} aria-hidden />} onClick={dialog.open}>{words.abort}</GuardedButton>
      </Group>
      {act.error && <ProblemCard error={act.error} />}
      <AbortDialog model={model} opened={aborting} onClose={dialog.close} />
      <RollbackDialog model={model} opened={takingBack} onClose={rollbackDialog.close} />
    </Stack>
  );
}
