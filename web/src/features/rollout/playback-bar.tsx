'use client';

import { Button, Group, SegmentedControl, Slider, Text } from '@mantine/core';
import { Pause, Play, X } from 'lucide-react';
import { formatExact, formatTicking } from '../../ui/format.js';
import { Panel } from '../../ui/panel.js';
import { Fixed } from '../../ui/time.js';
import styles from './playback-bar.module.css';
import type { Player } from './use-playback.js';
import { playbackWords as words } from './view-words.js';

export const speeds = [1, 5, 20, 100] as const;

/** The scrubber: where in its past the rollout is shown. */
export function PlaybackBar({ player, onClose }: { player: Player; onClose: () => void }) {
  const { startMs, endMs, atMs, playing, speed } = player;
  const elapsed = formatTicking(atMs - startMs);
  return (
    <section aria-label={words.title} className={styles.bar}>
      <Panel p="sm">
      <Group gap="sm" wrap="wrap">
        <Button size="compact-md" leftSection={playing ? <Pause size={16} aria-hidden /> : <Play size={16} aria-hidden />} onClick={player.toggle}>{playing ? words.pause : words.play}</Button>
        <SegmentedControl size="xs" transitionDuration={0} aria-label={words.speed} value={String(speed)} onChange={(value) => player.setSpeed(Number(value))} data={speeds.map((times) => ({ value: String(times), label: words.speedOf(times) }))} />
        <Text size="sm"><Fixed>{words.at(elapsed, formatTicking(endMs - startMs))}</Fixed></Text>
        <Text size="sm" c="dimmed"><Fixed>{formatExact(atMs)}</Fixed></Text>
        <Button size="compact-md" variant="default" ml="auto" leftSection={<X size={16} aria-hidden />} onClick={onClose}>{words.close}</Button>
      </Group>
      <Slider
        mt="sm" min={0} max={Math.max(1, endMs - startMs)} step={Math.max(1, Math.round((endMs - startMs) / 500))} value={atMs - startMs} onChange={(value) => player.seek(startMs + value)}
        label={null} marks={player.marks.map(({ atMs: at }) => ({ value: at - startMs }))} thumbLabel={words.position} thumbProps={{ 'aria-valuetext': elapsed }}
      />
      <Text size="xs" c="dimmed" mt="xs">{words.note}</Text>
      </Panel>
    </section>
  );
}
