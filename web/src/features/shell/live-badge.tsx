'use client';

import { Tooltip } from '@mantine/core';
import { LoaderCircle, Radio, RefreshCw, WifiOff } from 'lucide-react';
import type { StreamStatus } from '../../api/event-stream.js';
import { StateTag, type StateLook } from '../../ui/state-tag.js';
import { useLiveStatus } from './live-provider.js';
import { liveWords } from './words.js';

const looks: Record<StreamStatus, StateLook> = {
  connecting: { tone: 'idle', icon: LoaderCircle },
  live: { tone: 'good', icon: Radio },
  reconnecting: { tone: 'warn', icon: RefreshCw, moving: true },
  offline: { tone: 'bad', icon: WifiOff },
};

export function LiveBadge() {
  const status = useLiveStatus();
  return (
    <Tooltip label={liveWords[status].meaning} multiline maw={280} events={{ hover: true, focus: true, touch: true }}>
      <span role="status" tabIndex={0} style={{ minWidth: '7.6rem', display: 'inline-flex', justifyContent: 'flex-end' }}>
        <StateTag look={looks[status]} label={liveWords[status].label} />
      </span>
    </Tooltip>
  );
}
