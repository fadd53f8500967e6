/** Collects what is wrong while a placement is resolved; the caller knows where the component stands in the text. */
import type { ErrorCode } from '../errors.js';
import type { Path } from '../document/path.js';

export interface Problem { path: Path; message: string; fix: string; code?: ErrorCode }
/** `path` is relative to the component. */
export type ReportProblem = (problem: Problem) => void;
