/** `maestro enroll`: makes the permission, prints the command, and tells each step as it happens until the hosts are in. */
import { awaitedSteps, enrollmentSilence, enrollmentStage, hostSteps, lastRefusal, type EnrollmentStep } from '../spec/enrollment-steps.js';
import type { components } from '../web/src/api/schema.js';
import type { Request } from './arguments.js';
import { answered, connect, deadline, type Connection } from './connection.js';
import { exitCodes, type ExitCode } from './failure.js';
import { followEvents } from './follow.js';
import { jsonLine, printable, type Io } from './io.js';
import { endWords, lackingWords, silenceWords, stepWords } from './words.js';

type EnrollRequest = Extract<Request, { verb: 'enroll' }>;
type Detail = components['schemas']['EnrollmentDetail'];

/** How often it is looked whether time is over or nothing comes; everything else is told by events, unless these cannot be followed. */
const lookEveryMs = 5_000;

export async function enroll(request: EnrollRequest, io: Io): Promise<ExitCode> {
  const connection = await connect(request.where);
  if (request.watch !== undefined) return watch(connection, request.watch, request.where.json, io);
  const { host, uses, ttl_seconds, replace } = request;
  const made = await answered(connection.url, connection.client.POST('/api/enrollments', { body: { host, uses, ttl_seconds, replace }, signal: deadline() }));
  if (request.where.json) io.out(jsonLine({ event: 'enrollment', ...made }));
  else {
    io.err(`Run this on ${uses === 1 ? 'the host' : 'each of the hosts'}, as somebody who may use sudo; it is good until ${made.expires_at}:\n\n`);
    io.out(`${made.command}\n`);
    io.err('\n');
  }
  return request.wait ? watch(connection, made.enrollment_id, request.where.json, io) : exitCodes.done;
}

/** Says each thing once. */
class Teller {
  private readonly told = new Set<string>();

  constructor(private readonly json: boolean, private readonly io: Io) {}

  step(host: string, { step, state }: EnrollmentStep): void {
    if (state !== 'done' && state !== 'lacking') return;
    const lacking = state === 'lacking' ? lackingWords[step] : undefined;
    this.once({ event: 'step', host, step, state }, `${lacking === undefined ? '✓' : '!'} ${host}: ${lacking ?? stepWords[step]}`);
  }

  once(event: Record<string, unknown>, sentence: string): void {
    const key = JSON.stringify(event);
    if (this.told.has(key)) return;
    this.told.add(key);
    if (this.json) this.io.out(jsonLine(event));
    else this.io.err(`${printable(sentence)}\n`);
  }
}

/** What is new of it. An end when nothing more is waited for. */
function tell(enrollment: Detail, teller: Teller, { url }: Connection, nowMs: number): ExitCode | null {
  const refused = lastRefusal(enrollment);
  for (const host of enrollment.hosts) for (const step of hostSteps(host)) teller.step(host.name, step);
  if (refused !== null) {
    for (const step of enrollment.hosts.length === 0 ? awaitedSteps(enrollment) : []) teller.step(refused.host, step);
    teller.once({ event: 'refused', ...refused }, `✗ ${refused.host}: not let in: ${refused.message}. ${refused.suggested_fix}`);
  }
  const stage = enrollmentStage(enrollment);
  const names = enrollment.hosts.map(({ name }) => name);
  if (stage === 'ready') {
    teller.once({ event: 'end', stage, hosts: names }, `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} in.`);
    return exitCodes.done;
  }
  if (stage === 'over') {
    teller.once({ event: 'end', stage, state: enrollment.state, hosts: names }, endWords[enrollment.state]);
    return enrollment.state === 'expired' ? exitCodes.timeout : exitCodes.failed;
  }
  const silence = enrollmentSilence(enrollment, nowMs);
  if (silence !== null) teller.once({ event: 'silence', what: silence }, silence === 'unheard' ? silenceWords.unheard : silenceWords.unreached(url, enrollment.gateway_url));
  return null;
}

async function watch(connection: Connection, id: string, json: boolean, io: Io): Promise<ExitCode> {
  const teller = new Teller(json, io);
  const bell = new Bell();
  const look = (): Promise<Detail> => answered(connection.url, connection.client.GET('/api/enrollments/{id}', { params: { path: { id } }, signal: deadline() }));
  // Refusals (no such enrollment, no right) end it; a control plane that is away for a moment does not.
  let enrollment = await look();
  teller.once({ event: 'waiting', enrollment_id: id, expires_at: enrollment.expires_at }, `Waiting. Ctrl-C leaves it; come back with: maestro enroll --watch ${id}`);
  const following = followEvents(connection, 'node.state', () => bell.ring());
  const detach = (): void => bell.ring();
  io.signal.addEventListener('abort', detach);
  try {
    for (;;) {
      const end = tell(enrollment, teller, connection, io.now());
      if (end !== null) return end;
      const rung = await bell.wait(lookEveryMs);
      if (io.signal.aborted) return exitCodes.detached;
      if (rung || !following.connected || Date.parse(enrollment.expires_at) <= io.now()) enrollment = await look().catch((error: unknown) => { if (isAway(error)) return enrollment; throw error; });
    }
  } finally {
    following.stop();
    io.signal.removeEventListener('abort', detach);
  }
}

const isAway = (error: unknown): boolean => error instanceof Error && 'code' in error && (error.code === 'unavailable' || error.code === 'rate_limited');

/** Remembers one ring for whoever waits next. */
class Bell {
  private rung = false;
  private waiting: (() => void) | null = null;

  ring(): void {
    this.rung = true;
    this.waiting?.();
  }

  /** True: it has rung. */
  async wait(forMs: number): Promise<boolean> {
    if (!this.rung) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
        timer = setTimeout(resolve, forMs);
      });
      clearTimeout(timer);
      this.waiting = null;
    }
    const { rung } = this;
    this.rung = false;
    return rung;
  }
}
