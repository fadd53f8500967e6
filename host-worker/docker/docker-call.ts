/** Calls to the Docker daemon: each with a timeout, and with errors told apart by what can be done about them. */
import { MaestroError } from '../../spec/errors.js';
import { messageOf, PassingTrouble, systemCode } from '../trouble.js';

const defaultTimeoutMs = 30_000;
const connectionCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT']);

/** HTTP status that the daemon answered with; null when it did not answer. */
export const statusOf = (error: unknown): number | null =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null;

/** What the daemon said, without dockerode's preamble. */
export function saidBy(error: unknown): string {
  const text = messageOf(error);
  return (/^\(HTTP code \d+\) .*? - (.*)$/s.exec(text)?.[1] ?? text).trim();
}

/**
 * `what` completes "Docker did not …". A daemon that does not answer is PassingTrouble; an answer that is an
 * error is thrown as it is, for the caller to judge.
 */
export async function call<T>(what: string, work: () => Promise<T>, timeoutMs = defaultTimeoutMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PassingTrouble(`Docker did not ${what} within ${String(timeoutMs / 1000)} s`)), timeoutMs);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    if (isPassing(error)) throw new PassingTrouble(`Docker could not ${what} now (${saidBy(error)})`, { cause: error });
    if (statusOf(error) !== null) throw error;
    if (systemCode(error) === 'EACCES') {
      throw new MaestroError('dependency_missing', 'Docker does not let the host worker in (permission denied)', { fix: 'Run the host worker as root, or as a member of the group docker.', cause: error });
    }
    if (isAway(error)) throw new PassingTrouble(`Docker cannot be reached (${systemCode(error) ?? messageOf(error)})`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Answers that are not about what was asked: those of a daemon that goes down or has just come up, and of a kernel
 * whose cgroup (v1) systemd took away between Docker's making it and its use. The same call may do a moment later.
 */
const passingWords = /daemon is shutting down|context canceled|transport is closing|error while dialing|containerd\.sock|ttrpc: closed|client is closing|unable to apply cgroup configuration/i;
const isPassing = (error: unknown): boolean => (statusOf(error) ?? 0) >= 500 && passingWords.test(saidBy(error));

function isAway(error: unknown): boolean {
  const code = systemCode(error);
  return (code !== null && connectionCodes.has(code)) || messageOf(error).includes('socket hang up');
}

/** null instead of an error when there is no such thing. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (statusOf(error) === 404) return null;
    throw error;
  });
}

/** Fine when it is so already (304), is gone (404) or is just being removed (409 of remove). */
export async function unless(statuses: readonly number[], work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    const status = statusOf(error);
    if (status === null || !statuses.includes(status)) throw error;
  });
}

/** A daemon's refusal as something a person can act on. */
export function refused(doing: string, error: unknown): Error {
  if (error instanceof MaestroError || error instanceof PassingTrouble) return error;
  const said = saidBy(error);
  const status = statusOf(error);
  const details = { said: said.slice(0, 500), status };
  if (/port is already allocated|address already in use/i.test(said)) {
    return new MaestroError('runtime_error', `${doing} failed: ${said}`, { fix: 'Free the port on the host or publish another one.', details, cause: error });
  }
  if (/no space left on device/i.test(said)) {
    return new MaestroError('runtime_error', `${doing} failed: no space left on the device`, { fix: 'Free space where Docker keeps its data and retry.', details: { ...details, reason: 'disk_full' }, cause: error });
  }
  if (status === 409) return new MaestroError('conflict', `${doing} failed: ${said}`, { fix: 'Remove or rename what has that name, or choose another one.', details, cause: error });
  if (status === 400) return new MaestroError('config_error', `${doing} failed: ${said}`, { fix: 'Correct the run section of the component.', details, cause: error });
  return new MaestroError('runtime_error', `${doing} failed: ${said}`, { fix: 'Look at what Docker says, mend it and retry.', details, cause: error });
}
