/** The steps of an enrollment with their words; what they are is decided in the language. */
import type { EnrollmentDetail } from '../../api/types.js';
import { awaitedSteps, hostSteps, lastRefusal, tokenStep, type EnrollmentStep, type EnrollmentStepName, type EnrollmentStepState } from '../../api/words.js';
import { enrollWords } from './enroll-words.js';

export interface CheckItem { key: EnrollmentStepName; state: EnrollmentStepState; title: string; detail: string }
export type EnrolledHost = EnrollmentDetail['hosts'][number];

const { items: words } = enrollWords;
const item = ({ step, state }: EnrollmentStep, details: Partial<Record<EnrollmentStepName, string>>): CheckItem => ({ key: step, state, title: words[step], detail: details[step] ?? '' });

/** Of one host that came in. */
export function hostItems(host: EnrolledHost): CheckItem[] {
  const { name, heard, facts, version, address } = host;
  const details = heard
    ? { asked: name, heard: words.heardDetail(version, address), docker: facts.docker ? words.found : words.noDocker, systemd: facts.systemd ? words.found : words.noSystemd }
    : { asked: name, heard: words.notHeard };
  return hostSteps(host).map((step) => item(step, details));
}

function awaited(enrollment: EnrollmentDetail): CheckItem[] {
  const refused = lastRefusal(enrollment);
  const details = refused === null
    ? (enrollment.state === 'open' ? { asked: words.notAsked } : {})
    : { asked: refused.host, certificate: `${refused.message}. ${refused.suggested_fix}` };
  return awaitedSteps(enrollment).map((step) => item(step, details));
}

/** The whole list of an enrollment for one host. */
export function checklist(enrollment: EnrollmentDetail): CheckItem[] {
  const [host] = enrollment.hosts;
  return [tokenItem(enrollment), ...(host === undefined ? awaited(enrollment) : hostItems(host))];
}

export const tokenItem = (enrollment: EnrollmentDetail): CheckItem => item(tokenStep(enrollment), { token: words.tokenDetail(enrollment.host, enrollment.uses_max, enrollment.state) });
