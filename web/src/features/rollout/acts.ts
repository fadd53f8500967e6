'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, deadline, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';

export type RolloutAct =
  | { verb: 'retry'; step?: string; version?: number }
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
    case 'retry': return unwrap(client.POST('/api/rollouts/{id}/retry', { params, body: { ...(act.step === undefined ? {} : { step: act.step }), ...(act.version === undefined ? {} : { version: act.version }) }, signal }));
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

/** The newest version of the deploy, which a paused rollout can take for what it has not done yet; null while there is none. */
export function useNewerVersion({ deployId, version, paused }: { deployId: string; version: number; paused: boolean }): number | null {
  const deploy = useQuery({
    queryKey: keys.deploy(deployId),
    queryFn: ({ signal }) => unwrap(client.GET('/api/deploys/{id}', { params: { path: { id: deployId } }, signal: deadline(signal) })),
    enabled: paused,
  });
  const latest = deploy.data?.latest_version ?? 0;
  return paused && latest > version ? latest : null;
}
