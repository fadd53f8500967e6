'use client';

import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { keys } from '../../api/keys.js';
import type { Rollout } from '../../api/types.js';
import { Playback, Tape } from './model/playback.js';
import type { RolloutModel } from './model/rollout-model.js';
import { readLog } from './read-log.js';

const frameMs = 50;

export interface Player {
  model: RolloutModel;
  startMs: number;
  endMs: number;
  atMs: number;
  playing: boolean;
  speed: number;
  marks: { atMs: number; state: string }[];
  toggle: () => void;
  seek: (ms: number) => void;
  setSpeed: (times: number) => void;
}

export interface PlaybackFeed { player: Player | null; empty: boolean; error: unknown; refetch: () => void }

/** All stored events of one rollout; let go of when nobody plays them any more. */
const useTape = (rolloutId: string, enabled: boolean) => useQuery({
  queryKey: keys.rolloutLog(rolloutId),
  queryFn: async ({ signal }) => {
    const tape = new Tape(rolloutId);
    await readLog(rolloutId, 0, signal, (events) => tape.add(events));
    return tape;
  },
  enabled, gcTime: 0, staleTime: Number.POSITIVE_INFINITY, structuralSharing: false,
});

/** The rollout as it stood at a moment that moves on by itself while it plays. */
export function usePlayback(rolloutId: string, snapshot: Rollout | null, enabled: boolean): PlaybackFeed {
  const tape = useTape(rolloutId, enabled);
  const playback = useMemo(() => (enabled && snapshot !== null && tape.data !== undefined ? new Playback(snapshot, tape.data) : null), [enabled, snapshot, tape.data]);
  const [asked, setAsked] = useState<number | null>(null);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(5);
  const startMs = playback?.startMs ?? 0;
  const endMs = playback?.endMs ?? 0;
  const atMs = Math.min(endMs, Math.max(startMs, asked ?? startMs));
  const running = playing && atMs < endMs;

  useEffect(() => {
    if (!running) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const passed = (now - last) * speed;
      last = now;
      setAsked((at) => Math.min(endMs, (at ?? startMs) + passed));
    }, frameMs);
    return () => clearInterval(timer);
  }, [running, speed, startMs, endMs]);

  const model = useMemo(() => playback?.modelAt(atMs) ?? null, [playback, atMs]);
  const marks = useMemo(() => playback?.marks ?? [], [playback]);
  const toggle = () => {
    if (!running && atMs >= endMs) setAsked(startMs);
    setPlaying(!running);
  };
  const there = playback !== null && model !== null && playback.count > 0;
  return {
    player: there ? { model, startMs, endMs, atMs, playing: running, speed, marks, toggle, seek: setAsked, setSpeed } : null,
    empty: playback !== null && playback.count === 0, error: tape.error, refetch: () => void tape.refetch(),
  };
}
