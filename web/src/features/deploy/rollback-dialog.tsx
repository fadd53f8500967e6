'use client';

import { Loader, Text } from '@mantine/core';
import { useRouter } from 'next/navigation';
import type { Deploy } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { DiffView } from '../diff/diff-view.js';
import { exactPlan } from '../diff/plan-summary.js';
import { WayOn } from './apply-dialog.js';
import { useRollback, useRollbackPlan } from './queries.js';
import { applyWords, rollbackWords as words } from './words.js';

/** Says what a roll back is, and what it would change on the hosts by a dry run; `version` null: closed. */
export function RollbackDialog({ deploy, version, onClose }: { deploy: Deploy; version: number | null; onClose: () => void }) {
  const router = useRouter();
  const target = version ?? 1;
  const plan = useRollbackPlan(deploy.deploy_id, target, version !== null);
  const rollback = useRollback(deploy);
  const start = () => rollback.mutate({ version: target, planId: plan.data && exactPlan(plan.data) }, { onSuccess: ({ rollout_id: id }) => router.push(`/rollouts/${id}`) });
  const askAgain = () => {
    rollback.reset();
    void plan.refetch();
  };
  return (
    <ConfirmDialog
      opened={version !== null} onClose={onClose} size="xl" title={words.title(target)} confirm={words.confirm(target)} onConfirm={start}
      busy={rollback.isPending || rollback.isSuccess} disabled={!plan.data || plan.isFetching || plan.data.summary.conflict > 0}
      error={rollback.error} errorActions={<WayOn error={rollback.error} onAskAgain={askAgain} />}
    >
      <Text size="sm">{words.effect(target, deploy.latest_version + 1)}</Text>
      {plan.isFetching && <Text size="sm" role="status"><Loader size={14} aria-hidden /> {applyWords.asking}</Text>}
      {plan.error && !plan.isFetching && <ProblemCard error={plan.error} onRetry={() => void plan.refetch()} />}
      {plan.data && !plan.isFetching && <><Text size="sm">{words.hosts}</Text><DiffView plan={plan.data} /></>}
    </ConfirmDialog>
  );
}
