/** How far an enrollment has come, as a list that a person can follow; pure. */
import type { EnrollmentDetail } from '../../api/types.js';
import { enrollWords } from './enroll-words.js';

export type ItemState = 'done' | 'waiting' | 'later' | 'failed' | 'lacking';
export interface CheckItem { key: 'token' | 'asked' | 'certificate' | 'heard' | 'docker' | 'systemd'; state: ItemState; title: string; detail: string }
export type EnrolledHost = EnrollmentDetail['hosts'][number];

/** After so long without a sign, something is probably in its way. */
export const patienceMs = 60_000;

/** A refusal counts as long as nobody came in after it. */
export function lastRefusal({ refused, hosts }: Pick<EnrollmentDetail, 'refused' | 'hosts'>): EnrollmentDetail['refused'] {
  if (refused === null) return null;
  return hosts.some(({ enrolled_at: at }) => Date.parse(at) > Date.parse(refused.at)) ? null : refused;
}

const { items: words } = enrollWords;
const found = (there: boolean, heard: boolean): ItemState => (there ? 'done' : heard ? 'lacking' : 'later');

/** Of one host that came in. */
export function hostItems({ name, heard, facts, version, address }: EnrolledHost): CheckItem[] {
  return [
    { key: 'asked', state: 'done', title: words.asked, detail: name },
    { key: 'certificate', state: 'done', title: words.certificate, detail: '' },
    { key: 'heard', state: heard ? 'done' : 'waiting', title: words.heard, detail: heard ? words.heardDetail(version, address) : words.notHeard },
    { key: 'docker', state: found(facts.docker, heard), title: words.docker, detail: heard ? (facts.docker ? words.found : words.noDocker) : '' },
    { key: 'systemd', state: found(facts.systemd, heard), title: words.systemd, detail: heard ? (facts.systemd ? words.found : words.noSystemd) : '' },
  ];
}

/** While nobody came in. */
function awaited(enrollment: EnrollmentDetail): CheckItem[] {
  const refused = lastRefusal(enrollment);
  const over = enrollment.state !== 'open';
  const asked: CheckItem = refused !== null
    ? { key: 'asked', state: 'done', title: words.asked, detail: refused.host }
    : { key: 'asked', state: over ? 'later' : 'waiting', title: words.asked, detail: over ? '' : words.notAsked };
  return [
    asked,
    { key: 'certificate', state: refused === null ? 'later' : 'failed', title: words.certificate, detail: refused === null ? '' : `${refused.message}. ${refused.suggested_fix}` },
    { key: 'heard', state: 'later', title: words.heard, detail: '' },
    { key: 'docker', state: 'later', title: words.docker, detail: '' },
    { key: 'systemd', state: 'later', title: words.systemd, detail: '' },
  ];
}

/** The whole list of an enrollment for one host. */
export function checklist(enrollment: EnrollmentDetail): CheckItem[] {
  const [host] = enrollment.hosts;
  return [tokenItem(enrollment), ...(host === undefined ? awaited(enrollment) : hostItems(host))];
}

export const tokenItem = ({ host, uses_max: most, state }: EnrollmentDetail): CheckItem =>
  ({ key: 'token', state: state === 'expired' || state === 'revoked' ? 'failed' : 'done', title: words.token, detail: words.tokenDetail(host, most, state) });

export type Stage = 'waiting' | 'refused' | 'certified' | 'ready' | 'over';

/** Where it stands as a whole: for the sentence on top, and for what can be done next. */
export function stageOf(enrollment: EnrollmentDetail): Stage {
  const { hosts, state, uses_max: most } = enrollment;
  if (hosts.length > 0 && hosts.every(({ heard }) => heard) && (most === 1 || state !== 'open')) return 'ready';
  if (hosts.some(({ heard }) => !heard)) return 'certified';
  if (state === 'expired' || state === 'revoked') return 'over';
  return lastRefusal(enrollment) === null ? 'waiting' : 'refused';
}

/** What to look at, when nothing has come for a while: where the host has to get to, or why it does not speak. */
export function silence(enrollment: EnrollmentDetail, nowMs: number): 'unreached' | 'unheard' | null {
  const stage = stageOf(enrollment);
  const since = stage === 'certified' ? Math.max(...enrollment.hosts.filter(({ heard }) => !heard).map(({ enrolled_at: at }) => Date.parse(at))) : Date.parse(enrollment.created_at);
  if (nowMs - since < patienceMs) return null;
  if (stage === 'certified') return 'unheard';
  return stage === 'waiting' && enrollment.hosts.length === 0 ? 'unreached' : null;
}
