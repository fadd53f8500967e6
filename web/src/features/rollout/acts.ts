'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, deadline, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';

export type RolloutAct =
  | { verb: 'retry'; step?: string }
  | { verb: 'resume' }
  | { verb: 'pause' }
  | { verb: 'approve' }
  | { verb: 'rollback' }
  | { verb: 'skip'; step: string; note: string }
  | { verb: 'abort' };

function send(rolloutId: string, act: RolloutAct): Promise<unknown> {
  const params = { path: { id: rolloutId } };
  const signal = deadline();
  switch (act.verb) {
    case 'retry': return unwrap(client.POST('/api/rollouts/{id}/retry', { params, body: act.step === undefined ? {} : { step: act.step }, signal }));
    case 'resume': return unwrap(client.POST('/api/rollouts/{id}/resume', { params, body: {}, signal }));
    case 'pause': return unwrap(client.POST('/api/rollouts/{id}/pause', { params, body: {}, signal }));
    case 'approve': return unwrap(client.POST('/api/rollouts/{id}/approve', { params, body: {}, signal }));
    case 'rollback': return unwrap(client.POST('/api/rollouts/{id}/rollback', { params, body: {}, signal }));
    case 'skip': return unwrap(client.POST('/api/rollouts/{id}/skip', { params, body: { step: act.step, note: act.note }, signal }));
    case 'abort': return unwrap(client.POST('/api/rollouts/{id}/abort', { params, body: {}, signal }));
  }
}

/** A person's answer to a rollout. What comes of it arrives as events; the snapshot is read again in case they do not. */
export function useRolloutAct(rolloutId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (act: RolloutAct) => send(rolloutId, act),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.rollout(rolloutId), exact: true }),
  });
}
