'use client';

import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatAgo, formatDuration, formatExact, formatTicking } from './format.js';
import { useNow } from './use-now.js';
import { uiWords } from './words.js';

const agoEveryMs = 15_000;

/** `4 minutes ago`, the exact time on hover or focus. */
export function TimeAgo({ at }: { at: string | null }) {
  const now = useNow(agoEveryMs);
  if (at === null) return <span>{uiWords.never}</span>;
  const then = Date.parse(at);
  return (
    <Tooltip label={formatExact(then)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>{formatAgo(then, now)}</time>
    </Tooltip>
  );
}

/** A duration: in whole seconds while it has no end. Its width does not change with its digits. */
export function Duration({ from, to }: { from: string; to: string | null }) {
  const now = useNow(to === null ? 1_000 : null);
  const durationMs = (to === null ? now : Date.parse(to)) - Date.parse(from);
  return <Fixed>{to === null ? formatTicking(durationMs) : formatDuration(durationMs)}</Fixed>;
}

export function Fixed({ children }: { children: ReactNode }) {
  return <span style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>{children}</span>;
}
