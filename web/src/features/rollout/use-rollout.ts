'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { followEvents } from '../../api/browser-stream.js';
import { client, deadline, unwrap } from '../../api/client.js';
import { readEvent, type StreamStatus } from '../../api/event-stream.js';
import { keys } from '../../api/keys.js';
import type { Event } from '../../api/types.js';
import { mergeEvents, rolloutModel, type RolloutModel } from './rollout-model.js';

const logTimeoutMs = 60_000;
/** Plans and operations are in the snapshot alone; it is read again a moment after steps have moved. */
const rereadAfterMs = 500;

/** The last complete line of a log that is still being written may be cut; it comes again with the stream. */
function readLog(ndjson: string): Event[] {
  const lines = ndjson.split('\n').filter((line) => line !== '');
  return lines.map((line) => readEvent(parseLine(line))).filter((event) => event !== null);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

const useSnapshot = (rolloutId: string) => useQuery({
  queryKey: keys.rollout(rolloutId),
  queryFn: ({ signal }) => unwrap(client.GET('/api/rollouts/{id}', { params: { path: { id: rolloutId } }, signal: deadline(signal) })),
});

/**
 * All events until now, in one read. Asked for after the snapshot, so that the log is never older than it;
 * from its last id on, the stream goes on without a hole.
 */
const useLog = (rolloutId: string, enabled: boolean) => useQuery({
  queryKey: keys.rolloutLog(rolloutId),
  queryFn: async ({ signal }) => {
    const text = await unwrap(client.GET('/api/rollouts/{id}/log', { params: { path: { id: rolloutId }, query: { format: 'ndjson' } }, parseAs: 'text', signal: deadline(signal, logTimeoutMs) }));
    return readLog(text);
  },
  enabled,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
});

export interface RolloutFeed {
  model: RolloutModel | null;
  status: StreamStatus;
  /** Nothing can be shown. */
  error: unknown;
  /** The states are shown, the output and phases of before cannot be. */
  logError: unknown;
  refetch: () => void;
}

/** One rollout, live: snapshot, log until now, then the stream. Nothing is polled. */
export function useRollout(rolloutId: string): RolloutFeed {
  const queries = useQueryClient();
  const snapshot = useSnapshot(rolloutId);
  const log = useLog(rolloutId, snapshot.data !== undefined);
  const [streamed, setStreamed] = useState<Event[]>([]);
  const [status, setStatus] = useState<StreamStatus>('connecting');
  const past = log.data ?? null;
  const known = past !== null || log.error !== null;

  useEffect(() => {
    if (!known) return;
    let rereading: ReturnType<typeof setTimeout> | null = null;
    const reread = () => {
      rereading ??= setTimeout(() => {
        rereading = null;
        void queries.invalidateQueries({ queryKey: keys.rollout(rolloutId), exact: true });
      }, rereadAfterMs);
    };
    const stop = followEvents({ rolloutId }, {
      onEvents: (events) => {
        setStreamed((before) => mergeEvents(before, events));
        if (events.some(({ type }) => type === 'step.state' || type === 'rollout.state')) reread();
      },
      onStatus: setStatus,
      onGap: reread,
    }, past?.at(-1)?.id ?? 0);
    return () => {
      if (rereading) clearTimeout(rereading);
      stop();
    };
  }, [rolloutId, past, known, queries]);

  const model = useMemo(
    () => (snapshot.data && known ? rolloutModel(snapshot.data, [...(past ?? []), ...streamed]) : null),
    [snapshot.data, known, past, streamed],
  );
  const refetch = () => void Promise.all([snapshot.refetch(), log.refetch()]);
  return { model, status, error: snapshot.data ? null : snapshot.error, logError: log.error, refetch };
}
