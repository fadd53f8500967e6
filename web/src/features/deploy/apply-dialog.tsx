'use client';

import { Button, Loader, Text } from '@mantine/core';
import { Play } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Problem } from '../../api/problem.js';
import type { Deploy } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { DiffView } from '../diff/diff-view.js';
import { changeCount, exactPlan } from '../diff/plan-summary.js';
import { useDiff } from '../diff/queries.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useApply } from './queries.js';
import { applyWords, deployWords } from './words.js';

const staleCodes: readonly string[] = ['plan_stale', 'plan_expired', 'plan_used'];

/** The way on from a refusal: to the rollout that is open or has used the plan, and to a new plan. */
export function WayOn({ error, onAskAgain }: { error: unknown; onAskAgain?: () => void }) {
  if (!(error instanceof Problem)) return null;
  const id = error.code === 'conflict' || error.code === 'plan_used' ? error.details.rollout_id : null;
  return (
    <>
      {typeof id === 'string' && <Button component={Link} href={`/rollouts/${id}`} size="compact-sm" variant="default">{error.code === 'conflict' ? applyWords.openRollout : applyWords.itsRollout}</Button>}
      {onAskAgain && staleCodes.includes(error.code) && <Button size="compact-sm" variant="default" onClick={onAskAgain}>{applyWords.askAgain}</Button>}
    </>
  );
}

interface ApplyDialogProps { deploy: Deploy; version: number; ask: number; opened: boolean; onClose: () => void }

function ApplyDialog({ deploy, version, ask, opened, onClose }: ApplyDialogProps) {
  const router = useRouter();
  const diff = useDiff(deploy.deploy_id, version, ask, opened);
  const apply = useApply(deploy);
  const plan = diff.data;
  const planId = plan && exactPlan(plan);
  const start = () => apply.mutate({ version, planId }, { onSuccess: ({ rollout_id: id }) => router.push(`/rollouts/${id}`) });
  const askAgain = () => {
    apply.reset();
    void diff.refetch();
  };
  const idle = plan !== undefined && changeCount(plan) === 0;
  return (
    <ConfirmDialog
      opened={opened} onClose={onClose} size="xl" title={applyWords.title(version)}
      confirm={idle ? applyWords.confirmAgain : planId === undefined ? applyWords.confirm(version) : applyWords.confirmPlan} onConfirm={start} busy={apply.isPending || apply.isSuccess}
      disabled={!plan || diff.isFetching || plan.summary.conflict > 0} error={apply.error} errorActions={<WayOn error={apply.error} onAskAgain={askAgain} />}
    >
      {diff.isFetching && <Text size="sm" role="status"><Loader size={14} aria-hidden /> {applyWords.asking}</Text>}
      {diff.error && !diff.isFetching && <ProblemCard error={diff.error} onRetry={() => void diff.refetch()} />}
      {plan && <Text size="sm">{applyWords.effect}</Text>}
      {plan && <DiffView plan={plan} />}
      {plan && <Text size="sm" c="dimmed">{plan.summary.conflict > 0 ? applyWords.conflictStops : planId === undefined ? applyWords.inexact : applyWords.exact}</Text>}
    </ConfirmDialog>
  );
}

/** Nothing is applied that has not been seen: the dialog asks the hosts first, each time it opens. */
export function ApplyButton({ deploy, version, subtle = false }: { deploy: Deploy; version: number; subtle?: boolean }) {
  const [asked, setAsked] = useState({ times: 0, opened: false });
  return (
    <>
      <GuardedButton right="deploy.apply" variant={subtle ? 'default' : 'filled'} size={subtle ? 'compact-sm' : 'sm'} leftSection={<Play size={subtle ? 14 : 16} aria-hidden />} onClick={() => setAsked(({ times }) => ({ times: times + 1, opened: true }))}>
        {deployWords.apply(version)}
      </GuardedButton>
      <ApplyDialog deploy={deploy} version={version} ask={asked.times} opened={asked.opened} onClose={() => setAsked(({ times }) => ({ times, opened: false }))} />
    </>
  );
}
