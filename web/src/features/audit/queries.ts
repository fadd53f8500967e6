'use client';

import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { client, deadline, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import { results, type AuditFilter, type Result } from './filter.js';

const verifyTimeoutMs = 120_000;

const resultOf = (text: string | undefined): Result | undefined => results.find((one) => one === text);

export const useAudit = (filter: AuditFilter) => useInfiniteQuery({
  queryKey: keys.audit(filter),
  queryFn: ({ signal, pageParam }) => {
    const { result, ...rest } = filter;
    const known = resultOf(result);
    const query = { ...rest, ...(known === undefined ? {} : { result: known }), ...(pageParam === null ? {} : { cursor: pageParam }) };
    return unwrap(client.GET('/api/audit', { params: { query }, signal: deadline(signal) }));
  },
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor: next }) => next,
});

/** Reads the whole trail on the server. */
export const useVerify = () => useMutation({ mutationFn: () => unwrap(client.GET('/api/audit/verify', { signal: deadline(undefined, verifyTimeoutMs) })) });
