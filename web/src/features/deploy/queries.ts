'use client';

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, deadline, diffTimeoutMs, succeed, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import { readProblem } from '../../api/problem.js';
import type { Deploy } from '../../api/types.js';
import { filesBody, type UploadedFile } from '../bundle/uploads.js';

export const useDeploys = () => useInfiniteQuery({
  queryKey: keys.deploys,
  queryFn: ({ signal, pageParam }) => unwrap(client.GET('/api/deploys', { params: { query: pageParam === null ? {} : { cursor: pageParam } }, signal: deadline(signal) })),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor: next }) => next,
});

/** A host that falls silent is in no event of the deploy. */
const rereadEveryMs = 15_000;

export const useDeploy = (id: string) => useQuery({
  queryKey: keys.deploy(id),
  refetchInterval: rereadEveryMs,
  queryFn: ({ signal }) => unwrap(client.GET('/api/deploys/{id}', { params: { path: { id } }, signal: deadline(signal) })),
});

/** Versions never change. */
export const useVersion = (id: string, number: number) => useQuery({
  queryKey: keys.version(id, number),
  queryFn: ({ signal }) => unwrap(client.GET('/api/deploys/{id}/versions/{n}', { params: { path: { id, n: number } }, signal: deadline(signal) })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Lists and the deploy itself are old once something was done to it. */
function useRefresh() {
  const queries = useQueryClient();
  return (id: string) => Promise.all([
    queries.invalidateQueries({ queryKey: keys.deploys, exact: true }),
    queries.invalidateQueries({ queryKey: keys.deploy(id), exact: true }),
  ]);
}

export interface NewDeploy { name: string; yaml: string; files: UploadedFile[] }

export function useCreateDeploy() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ name, yaml, files }: NewDeploy) => unwrap(client.POST('/api/deploys', {
      body: { yaml, files: filesBody(files), ...(name === '' ? {} : { name }) },
      signal: deadline(),
    })),
    onSuccess: ({ deploy_id: id }) => refresh(id),
  });
}

export interface NewVersion { yaml: string; files: UploadedFile[] | null; expectedVersion: number }

export function useSubmitVersion(id: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ yaml, files, expectedVersion }: NewVersion) => unwrap(client.POST('/api/deploys/{id}/versions', {
      params: { path: { id } },
      body: { yaml, expected_version: expectedVersion, ...(files === null ? {} : { files: filesBody(files) }) },
      signal: deadline(),
    })),
    onSettled: () => refresh(id),
  });
}

/** With `planId`, exactly what was shown, once, or not at all. */
export interface Applied { version: number; planId: string | undefined }

export function useApply({ deploy_id: id, latest_version: latest }: Deploy) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ version, planId }: Applied) => unwrap(client.POST('/api/deploys/{id}/apply', {
      params: { path: { id } }, body: { version, expected_version: latest, ...(planId === undefined ? {} : { plan_id: planId }) },
      signal: deadline(),
    })),
    onSettled: () => refresh(id),
  });
}

/** What a roll back would change; asked anew each time the dialog opens. */
export const useRollbackPlan = (id: string, version: number, enabled: boolean) => useQuery({
  queryKey: ['rollback', id, version],
  queryFn: async ({ signal }) => {
    const answer = await unwrap(client.POST('/api/deploys/{id}/rollback/{n}', { params: { path: { id, n: version }, query: { dry_run: 'true' } }, body: {}, signal: deadline(signal, diffTimeoutMs) }));
    if (!('plan_id' in answer)) throw readProblem(500, null);
    return answer;
  },
  enabled,
  staleTime: 0,
  gcTime: 0,
  retry: false,
  refetchOnWindowFocus: false,
});

export function useRollback({ deploy_id: id, latest_version: latest }: Deploy) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async ({ version, planId }: Applied) => {
      const answer = await unwrap(client.POST('/api/deploys/{id}/rollback/{n}', {
        params: { path: { id, n: version } }, body: { expected_version: latest, ...(planId === undefined ? {} : { plan_id: planId }) },
        signal: deadline(),
      }));
      if (!('rollout_id' in answer)) throw readProblem(500, null);
      return answer;
    },
    onSettled: () => refresh(id),
  });
}

export function useDeleteDeploy(id: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => succeed(client.DELETE('/api/deploys/{id}', { params: { path: { id } }, signal: deadline() })),
    onSuccess: () => refresh(id),
  });
}
