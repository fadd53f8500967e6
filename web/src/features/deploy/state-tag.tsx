import { CircleCheck, CircleDashed, CirclePause, CircleX, LoaderCircle, TriangleAlert } from 'lucide-react';
import type { DeployState } from '../../api/types.js';
import { StateTag, type StateLook } from '../../ui/state-tag.js';
import { deployStateWords } from './words.js';

const looks: Record<DeployState, StateLook> = {
  never_applied: { tone: 'idle', icon: CircleDashed },
  in_sync: { tone: 'good', icon: CircleCheck },
  drifted: { tone: 'warn', icon: TriangleAlert },
  rolling_out: { tone: 'busy', icon: LoaderCircle, moving: true },
  paused: { tone: 'warn', icon: CirclePause },
  failed: { tone: 'bad', icon: CircleX },
};

export const DeployTag = ({ state }: { state: DeployState }) => <StateTag look={looks[state]} label={deployStateWords[state]} />;
