'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { followEvents } from '../../api/browser-stream.js';
import { client, deadline, unwrap } from '../../api/client.js';
import type { StreamStatus } from '../../api/event-stream.js';
import { keys } from '../../api/keys.js';
import type { Event, Rollout } from '../../api/types.js';
import { RolloutStore } from './model/rollout-store.js';
import type { RolloutModel } from './model/rollout-model.js';
import { readLog } from './read-log.js';

/** Plans and operations are in the snapshot alone; it is read again a moment after steps have moved. It grows with the rollout. */
const rereadAfterMs = 500;
const rereadLargeAfterMs = 3_000;
const largeSteps = 100;

const useSnapshot = (rolloutId: string) => useQuery({
  queryKey: keys.rollout(rolloutId),
  queryFn: ({ signal }) => unwrap(client.GET('/api/rollouts/{id}', { params: { path: { id: rolloutId } }, signal: deadline(signal) })),
});

export interface RolloutFeed {
  model: RolloutModel | null;
  /** What the model was made from, for playing it back. */
  snapshot: Rollout | null;
  status: StreamStatus;
  /** The events of before are still being read: states are right, output and times are not there yet. */
  reading: boolean;
  /** Nothing can be shown. */
  error: unknown;
  refetch: () => void;
}

interface Follow { store: RolloutStore; reread: () => void; onStatus: (status: StreamStatus) => void; onRead: () => void }

/** The past in one read, then the stream from its last event on: nothing is missed, whatever becomes of the first. */
function follow(rolloutId: string, { store, reread, onStatus, onRead }: Follow): () => void {
  const ended = new AbortController();
  let stop: () => void = () => undefined;
  const onEvents = (events: Event[]) => {
    store.add(events);
    if (events.some(({ type }) => type === 'step.state' || type === 'rollout.state')) reread();
  };
  const goOn = () => {
    if (ended.signal.aborted) return;
    store.release();
    onRead();
    stop = followEvents({ rolloutId }, { onEvents, onStatus, onGap: reread }, store.lastId);
  };
  store.hold();
  void readLog(rolloutId, store.lastId, ended.signal, (events) => store.add(events)).then(goOn, goOn);
  return () => {
    ended.abort();
    stop();
  };
}

/** One rollout, live: snapshot, log until now, then the stream. Nothing is polled. */
export function useRollout(rolloutId: string): RolloutFeed {
  const queries = useQueryClient();
  const snapshot = useSnapshot(rolloutId);
  const [store] = useState(() => new RolloutStore(rolloutId));
  const [status, setStatus] = useState<StreamStatus>('connecting');
  const [reading, setReading] = useState(true);
  const there = snapshot.data !== undefined;
  const large = (snapshot.data?.graph.steps.length ?? 0) > largeSteps;

  useEffect(() => { if (snapshot.data) store.setSnapshot(snapshot.data); }, [store, snapshot.data]);

  useEffect(() => {
    if (!there) return;
    let rereading: ReturnType<typeof setTimeout> | null = null;
    const reread = () => {
      rereading ??= setTimeout(() => {
        rereading = null;
        void queries.invalidateQueries({ queryKey: keys.rollout(rolloutId), exact: true });
      }, large ? rereadLargeAfterMs : rereadAfterMs);
    };
    const stop = follow(rolloutId, { store, reread, onStatus: setStatus, onRead: () => setReading(false) });
    return () => {
      if (rereading) clearTimeout(rereading);
      stop();
    };
  }, [rolloutId, store, there, large, queries]);

  const model = useSyncExternalStore(store.subscribe, store.model, () => null);
  return { model, snapshot: snapshot.data ?? null, status, reading, error: snapshot.data ? null : snapshot.error, refetch: () => void snapshot.refetch() };
}
