import { Ban, CircleCheck, CircleDashed, CirclePause, CircleSlash, CircleX, Clock3, Hourglass, LoaderCircle, SkipForward, Undo2, type LucideIcon } from 'lucide-react';
import type { RolloutState, StepState } from '../../api/words.js';
import type { StateLook, Tone } from '../../ui/state-tag.js';

const look = (tone: Tone, icon: LucideIcon, moving = false): StateLook => ({ tone, icon, moving });

export const stepLooks: Record<StepState, StateLook> = {
  pending: look('idle', CircleDashed),
  waiting: look('idle', Clock3),
  running: look('busy', LoaderCircle, true),
  unchanged: look('idle', CircleCheck),
  succeeded: look('good', CircleCheck),
  failed: look('bad', CircleX),
  blocked: look('warn', Ban),
  skipped: look('idle', SkipForward),
  aborted: look('idle', CircleSlash),
  rolled_back: look('warn', Undo2),
};

export const rolloutLooks: Record<RolloutState, StateLook> = {
  pending: look('idle', Hourglass),
  running: look('busy', LoaderCircle, true),
  paused: look('warn', CirclePause),
  awaiting_approval: look('warn', Hourglass),
  succeeded: look('good', CircleCheck),
  failed: look('bad', CircleX),
  aborted: look('idle', CircleSlash),
  rolled_back: look('warn', Undo2),
};
