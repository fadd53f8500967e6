/** Fetching images. Docker keeps finished layers, so that a pull that is repeated goes on where it was. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import type { DockerRun } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { isImageDigest, nameOf, withoutDigest } from '../../spec/image-reference.js';
import { refusedFix, type SourceLogin } from '../credentials/logins.js';
import { authOf } from '../credentials/registry-login.js';
import { messageOf, PassingTrouble } from '../trouble.js';
import { call, orNull, saidBy, statusOf } from './docker-call.js';

/** `login`: asked for when there is something to be pulled. */
export interface PullContext { signal: AbortSignal; tell: (line: string) => void; login?: () => Promise<SourceLogin | null> }

const tries = 3;
const retryDelayMs = 1_000;
/** A pull may take long, but not without a sign of life. */
const silenceMs = 120_000;

export async function imageId(docker: Dockerode, reference: string): Promise<string | null> {
  return (await call('inspect an image', () => orNull(docker.getImage(reference).inspect())))?.Id ?? null;
}

/** Makes the image available as its policy says, and what it is pinned to in any case. Touches nothing that runs. */
export async function ensureImage(docker: Dockerode, run: Pick<DockerRun, 'image' | 'pull_policy' | 'pinned'>, context: PullContext): Promise<void> {
  const reference = run.pinned ?? run.image;
  const present = (run.pinned !== undefined || run.pull_policy !== 'always') && (await imageId(docker, reference)) !== null;
  if (present) return;
  if (isImageDigest(reference)) throw imageGone(run.image, reference);
  if (run.pull_policy === 'never') {
    throw new MaestroError('fetch_failed', `the image ${run.image} is not on this host, and pull_policy is never`, {
      fix: 'Load the image on the host, or use pull_policy: if_not_present.', details: { image: run.image },
    });
  }
  const login = (await context.login?.()) ?? null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pull(docker, byDigest(reference), context, login);
    } catch (caught) {
      context.signal.throwIfAborted();
      const error = login === null ? caught : withoutLogin(caught, login);
      if (error instanceof PassingTrouble) throw error;
      if (attempt === tries || !mayPass(error)) throw pullFailed(reference, error, login);
      context.tell(`pulling ${reference} failed (${saidBy(error)}), trying again`);
      await sleep(retryDelayMs * attempt, undefined, { signal: context.signal });
    }
  }
}

/** A pull takes a tag or a digest. */
const byDigest = (reference: string): string => (reference === withoutDigest(reference) ? reference : `${nameOf(reference)}${reference.slice(reference.lastIndexOf('@'))}`);

const imageGone = (image: string, id: string): MaestroError => new MaestroError('fetch_failed', `the image ${image} that this version was applied with here (${id.slice(0, 19)}) is gone, and no registry has it`, {
  fix: 'Build or load it again on the host, and submit a new version.', details: { image, image_id: id },
});

async function pull(docker: Dockerode, image: string, { signal, tell }: PullContext, login: SourceLogin | null): Promise<void> {
  tell(`pulling ${image}`);
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const watchdog = setTimeout(() => silence.abort(new Error(`no progress for ${String(silenceMs / 1000)} s`)), silenceMs);
  try {
    const stream = await call('begin a pull', () => docker.pull(image, { abortSignal: either, ...authOf(login) }), silenceMs);
    await followPull(docker, stream, either, (event) => {
      watchdog.refresh();
      const line = progressLine(event);
      if (line !== null) tell(login?.redact(line) ?? line);
    });
  } finally {
    clearTimeout(watchdog);
  }
}

interface PullEvent { status?: string; id?: string; error?: string; progressDetail?: { current?: number; total?: number } }

function followPull(docker: Dockerode, stream: NodeJS.ReadableStream, signal: AbortSignal, onEvent: (event: PullEvent) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('the pull was stopped'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    let failure: string | null = null;
    const finished = (error: Error | null): void => {
      signal.removeEventListener('abort', abort);
      if (error !== null) reject(error);
      else if (failure !== null) reject(new Error(failure));
      else resolve();
    };
    docker.modem.followProgress(stream, finished, (event: PullEvent) => {
      failure = event.error ?? failure;
      onEvent(event);
    });
  });
}

/** One line per layer and stage; the counting in between would only fill the log. */
function progressLine({ status, id, progressDetail }: PullEvent): string | null {
  if (status === undefined || progressDetail?.current !== undefined || status === 'Waiting' || status === 'Verifying Checksum') return null;
  return id === undefined ? status : `${id}: ${status}`;
}

/** What a registry says may be of any kind: nothing of an error goes on but its words, without the login. */
function withoutLogin(error: unknown, { redact }: SourceLogin): Error {
  const said = redact(messageOf(error));
  return error instanceof PassingTrouble ? new PassingTrouble(said) : Object.assign(new Error(said), { statusCode: statusOf(error) });
}

const refusal = /denied|unauthorized|no basic auth credentials|authentication required/i;
const finalPatterns = /not found|manifest unknown|denied|unauthorized|no basic auth credentials|authentication required|invalid reference|no matching manifest|no space left/i;
const mayPass = (error: unknown): boolean => statusOf(error) !== 404 && !finalPatterns.test(messageOf(error));

function pullFailed(image: string, error: unknown, login: SourceLogin | null): MaestroError {
  const said = saidBy(error);
  const unauthorised = refusal.test(said);
  if (unauthorised && login !== null) {
    const { owner: { component, host }, origin } = login;
    return new MaestroError('auth_error', `${origin.name} did not take the login of ${component} on ${host} for the image ${image}: ${said}`, { fix: refusedFix, details: { image, component, host, said: said.slice(0, 500) } });
  }
  return new MaestroError('fetch_failed', `the image ${image} could not be pulled: ${said}`, {
    fix: unauthorised ? 'Check the name of the image; if the registry asks for a login, name it in source.credentials_ref.' : 'Check the name and tag of the image, and that the host reaches the registry.',
    details: { image, said: said.slice(0, 500) }, cause: error,
  });
}
