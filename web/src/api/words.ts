/** The words that the API and the pages share, straight from the language. */
export type { ErrorCode, Diagnostic } from '../../../spec/errors.js';
export * from '../../../spec/words.js';
export * from '../../../spec/host-policy/permissions.js';
export * from '../../../spec/enrollment-steps.js';
