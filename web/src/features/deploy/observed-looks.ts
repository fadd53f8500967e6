import { CircleCheck, CircleDashed, CircleHelp, CirclePause, CircleX, HeartCrack, HeartPulse, WifiOff, type LucideIcon } from 'lucide-react';
import type { ComponentState } from '../../api/words.js';
import type { StateLook, Tone } from '../../ui/state-tag.js';

const look = (tone: Tone, icon: LucideIcon): StateLook => ({ tone, icon });

export const observedLooks: Record<ComponentState, StateLook> = {
  running: look('good', CircleCheck),
  healthy: look('good', HeartPulse),
  unhealthy: look('bad', HeartCrack),
  stopped: look('warn', CirclePause),
  failed: look('bad', CircleX),
  missing: look('bad', CircleDashed),
  unknown: look('idle', CircleHelp),
  host_offline: look('warn', WifiOff),
};
