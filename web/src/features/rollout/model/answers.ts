import type { Rollout } from '../../../api/types.js';

/** What a person can answer to a rollout, as the API names it. */
export type AnswerVerb = Rollout['answers'][number]['verb'];
