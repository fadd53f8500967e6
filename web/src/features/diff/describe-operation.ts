/** One thing a host does, as a person would say it. */
import type { PlacementOperation } from '../../api/types.js';
import { operationWords } from './words.js';

const isKnown = (op: string): op is keyof typeof operationWords => Object.hasOwn(operationWords, op);

export function describeOperation(operation: PlacementOperation): string {
  const { op, ...rest } = operation;
  const [target] = Object.values(rest).filter((value) => typeof value === 'string');
  const words = isKnown(op) ? operationWords[op] : op.replaceAll('_', ' ');
  return target === undefined ? words : `${words} ${target}`;
}
