/**
 * How far an enrollment has come, as steps that a person can follow: decided once, for every surface that waits for a host.
 * Times are ISO 8601; now is milliseconds since the epoch.
 */
export const enrollmentStepNames = ['token', 'asked', 'certificate', 'heard', 'docker', 'systemd'] as const;
export type EnrollmentStepName = (typeof enrollmentStepNames)[number];
/** `later`: not its turn yet. `lacking`: the host said that it does not have it; it may still come. */
export type EnrollmentStepState = 'done' | 'waiting' | 'later' | 'failed' | 'lacking';
export interface EnrollmentStep { step: EnrollmentStepName; state: EnrollmentStepState }

export interface EnrolledHostFacts { name: string; enrolled_at: string; heard: boolean; facts: { docker: boolean; systemd: boolean } }
export interface RefusedHostFacts { at: string; host: string; message: string; suggested_fix: string }
export interface EnrollmentFacts<Host extends EnrolledHostFacts = EnrolledHostFacts> {
  state: 'open' | 'used' | 'expired' | 'revoked';
  uses_max: number;
  created_at: string;
  hosts: readonly Host[];
  refused: RefusedHostFacts | null;
}

/** After so long without a sign, something is probably in its way. */
export const silencePatienceMs = 60_000;

/** A refusal counts as long as nobody came in after it. */
export function lastRefusal({ refused, hosts }: Pick<EnrollmentFacts, 'refused' | 'hosts'>): RefusedHostFacts | null {
  if (refused === null) return null;
  return hosts.some(({ enrolled_at: at }) => Date.parse(at) > Date.parse(refused.at)) ? null : refused;
}

const found = (there: boolean, heard: boolean): EnrollmentStepState => (heard ? (there ? 'done' : 'lacking') : 'later');

/** Of one host that came in. */
export const hostSteps = ({ heard, facts }: Pick<EnrolledHostFacts, 'heard' | 'facts'>): EnrollmentStep[] => [
  { step: 'asked', state: 'done' },
  { step: 'certificate', state: 'done' },
  { step: 'heard', state: heard ? 'done' : 'waiting' },
  { step: 'docker', state: found(facts.docker, heard) },
  { step: 'systemd', state: found(facts.systemd, heard) },
];

/** While nobody came in. */
export function awaitedSteps(enrollment: EnrollmentFacts): EnrollmentStep[] {
  const refused = lastRefusal(enrollment) !== null;
  return [
    { step: 'asked', state: refused ? 'done' : enrollment.state === 'open' ? 'waiting' : 'later' },
    { step: 'certificate', state: refused ? 'failed' : 'later' },
    ...(['heard', 'docker', 'systemd'] as const).map((step): EnrollmentStep => ({ step, state: 'later' })),
  ];
}

export const tokenStep = ({ state }: Pick<EnrollmentFacts, 'state'>): EnrollmentStep => ({ step: 'token', state: state === 'expired' || state === 'revoked' ? 'failed' : 'done' });

export const enrollmentStages = ['waiting', 'refused', 'certified', 'ready', 'over'] as const;
export type EnrollmentStage = (typeof enrollmentStages)[number];

/** As a whole. `ready`: nothing more is waited for; `over`: nobody can come in any more, and nobody is in by it. */
export function enrollmentStage(enrollment: EnrollmentFacts): EnrollmentStage {
  const { hosts, state } = enrollment;
  if (hosts.some(({ heard }) => !heard)) return 'certified';
  if (state !== 'open') return hosts.length > 0 ? 'ready' : 'over';
  return lastRefusal(enrollment) === null ? 'waiting' : 'refused';
}

/** What to look into, when nothing has come for a while: whether the host gets to the control plane, or why it does not speak. */
export function enrollmentSilence(enrollment: EnrollmentFacts, nowMs: number): 'unreached' | 'unheard' | null {
  const stage = enrollmentStage(enrollment);
  const unheard = enrollment.hosts.filter(({ heard }) => !heard).map(({ enrolled_at: at }) => Date.parse(at));
  const since = Math.max(Date.parse(enrollment.created_at), ...unheard);
  if (nowMs - since < silencePatienceMs) return null;
  if (stage === 'certified') return 'unheard';
  return stage === 'waiting' && enrollment.hosts.length === 0 ? 'unreached' : null;
}
