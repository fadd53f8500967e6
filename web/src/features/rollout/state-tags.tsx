import type { RolloutState, StepState } from '../../api/words.js';
import { StateTag } from '../../ui/state-tag.js';
import { rolloutLooks, stepLooks } from './state-looks.js';
import { rolloutStateWords, stepStateWords } from './words.js';

export const StepTag = ({ state }: { state: StepState }) => <StateTag look={stepLooks[state]} label={stepStateWords[state]} />;
export const RolloutTag = ({ state }: { state: RolloutState }) => <StateTag look={rolloutLooks[state]} label={rolloutStateWords[state]} />;
