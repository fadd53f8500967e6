import { CircleCheck, CirclePlus, Minus, OctagonX, RefreshCw, RotateCw, SquarePen, type LucideIcon } from 'lucide-react';
import type { Action } from '../../api/words.js';
import { StateTag, type StateLook, type Tone } from '../../ui/state-tag.js';
import { actionLabels } from './words.js';

const look = (tone: Tone, icon: LucideIcon): StateLook => ({ tone, icon });
const looks: Record<Action, StateLook> = {
  create: look('busy', CirclePlus),
  update: look('warn', SquarePen),
  restart: look('warn', RotateCw),
  reload: look('warn', RefreshCw),
  remove: look('bad', Minus),
  conflict: look('bad', OctagonX),
  unchanged: look('idle', CircleCheck),
};

export function ActionTag({ action }: { action: Action }) {
  return <StateTag look={looks[action]} label={actionLabels[action]} />;
}
