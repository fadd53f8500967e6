'use client';

import { Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { CircleCheck, CircleSlash, Pause, Play, RotateCw, Undo2 } from 'lucide-react';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useNewerVersion, useRolloutAct, type RolloutAct } from './acts.js';
import type { RolloutModel } from './model/rollout-model.js';
import { doneCount } from './model/rollout-sentence.js';
import styles from './rollout-actions.module.css';
import { viewWords } from './view-words.js';
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

type Act = ReturnType<typeof useRolloutAct>;
const busy = (act: Act, verb: RolloutAct['verb']): boolean => act.isPending && act.variables.verb === verb;

/** The one thing that lets a resting rollout go on. */
function NextAct({ model, act }: { model: RolloutModel; act: Act }) {
  const paused = model.state === 'paused';
  const newer = useNewerVersion({ deployId: model.deployId, version: model.version, paused: paused && model.kind === 'apply' });
  if (model.state === 'awaiting_approval') {
    return <GuardedButton right="deploy.approve" leftSection={<CircleCheck size={16} aria-hidden />} loading={busy(act, 'approve')} onClick={() => act.mutate({ verb: 'approve' })}>{words.approve}</GuardedButton>;
  }
  if (!paused) return null;
  const retry = (version?: number) => act.mutate({ verb: 'retry', ...(version === undefined ? {} : { version }) });
  return (
    <>
      {newer !== null && <GuardedButton right="deploy.apply" leftSection={<RotateCw size={16} aria-hidden />} loading={busy(act, 'retry')} onClick={() => retry(newer)}>{viewWords.retryWith(newer)}</GuardedButton>}
      {model.counts.failed > 0
        ? <GuardedButton right="deploy.apply" variant={newer === null ? 'filled' : 'default'} leftSection={<RotateCw size={16} aria-hidden />} loading={busy(act, 'retry')} onClick={() => retry()}>{words.retryAll}</GuardedButton>
        : <GuardedButton right="deploy.apply" variant={newer === null ? 'filled' : 'default'} leftSection={<Play size={16} aria-hidden />} loading={busy(act, 'resume')} onClick={() => act.mutate({ verb: 'resume' })}>{words.resume}</GuardedButton>}
    </>
  );
}

/** The answers to a whole rollout, while it is open. */
export function RolloutActions({ model }: { model: RolloutModel }) {
  const [aborting, dialog] = useDisclosure(false);
  const [takingBack, rollbackDialog] = useDisclosure(false);
  const act = useRolloutAct(model.id);
  if (!model.open) return null;
  return (
    <Stack gap="xs">
      <div className={styles.acts} role="group" aria-label={viewWords.nextSteps}>
        <NextAct model={model} act={act} />
        {(model.state === 'running' || model.state === 'awaiting_approval') && (
          <GuardedButton right="deploy.apply" variant="default" leftSection={<Pause size={16} aria-hidden />} loading={busy(act, 'pause')} onClick={() => act.mutate({ verb: 'pause' })}>{words.pause}</GuardedButton>
        )}
        {model.state !== 'pending' && model.kind !== 'teardown' && (
          <GuardedButton right="deploy.rollback" variant="default" leftSection={<Undo2 size={16} aria-hidden />} onClick={rollbackDialog.open}>{words.rollback}</GuardedButton>
        )}
        <GuardedButton right="deploy.apply" variant="default" leftSection={<CircleSlash size={16} aria-hidden />} onClick={dialog.open}>{words.abort}</GuardedButton>
      </div>
      {act.error && <ProblemCard error={act.error} />}
      <AbortDialog model={model} opened={aborting} onClose={dialog.close} />
      <RollbackDialog model={model} opened={takingBack} onClose={rollbackDialog.close} />
    </Stack>
  );
}
