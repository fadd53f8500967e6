/** How far an enrollment has come: what follows from its hosts, its last refusal and its end, whatever they are. */
import fc from 'fast-check';
import {
  awaitedSteps, enrollmentSilence, enrollmentStage, enrollmentStepNames, hostSteps, lastRefusal, silencePatienceMs, tokenStep, type EnrolledHostFacts, type EnrollmentFacts,
} from '../../spec/enrollment-steps.js';

const start = Date.parse('2030-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(start + seconds * 1_000).toISOString();
const host = (facts: Partial<EnrolledHostFacts> = {}): EnrolledHostFacts => ({ name: 'web-01', enrolled_at: at(10), heard: true, facts: { docker: true, systemd: true }, ...facts });
const refusal = (seconds: number) => ({ at: at(seconds), host: 'web-02', message: 'not for it', suggested_fix: 'Rename it.' });
const open: EnrollmentFacts = { state: 'open', uses_max: 1, created_at: at(0), hosts: [], refused: null };
const used = (...hosts: EnrolledHostFacts[]): EnrollmentFacts => ({ ...open, state: 'used', hosts });

const time = fc.integer({ min: 0, max: 3_600 }).map(at);
const hosts = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), enrolled_at: time, heard: fc.boolean(), facts: fc.record({ docker: fc.boolean(), systemd: fc.boolean() }) }), { maxLength: 4 });
const enrollments: fc.Arbitrary<EnrollmentFacts> = fc.record({
  state: fc.constantFrom('open', 'used', 'expired', 'revoked'), uses_max: fc.integer({ min: 1, max: 5 }), created_at: time, hosts,
  refused: fc.option(fc.record({ at: time, host: fc.constant('x'), message: fc.string(), suggested_fix: fc.string() })),
});

describe('the steps', () => {
  it('are the same ones in the same order, for a host that is in and for one that is awaited', () => {
    fc.assert(fc.property(enrollments, (enrollment) => {
      const [, ...names] = enrollmentStepNames;
      expect(awaitedSteps(enrollment).map(({ step }) => step)).toEqual(names);
      for (const one of enrollment.hosts) expect(hostSteps(one).map(({ step }) => step)).toEqual(names);
    }));
  });

  it('never come out of turn: what is not done yet has nothing done behind it', () => {
    fc.assert(fc.property(enrollments, (enrollment) => {
      for (const steps of [awaitedSteps(enrollment), ...enrollment.hosts.map(hostSteps)]) {
        const states = steps.map(({ state }) => state);
        const first = states.findIndex((state) => state === 'waiting' || state === 'failed');
        if (first >= 0) expect(states.slice(first + 1).every((state) => state === 'later')).toBe(true);
      }
    }));
  });

  it('say of a host that has spoken what it has, and of one that has not nothing', () => {
    expect(hostSteps(host({ facts: { docker: false, systemd: true } })).slice(-3).map(({ state }) => state)).toEqual(['done', 'lacking', 'done']);
    expect(hostSteps(host({ heard: false })).slice(-3).map(({ state }) => state)).toEqual(['waiting', 'later', 'later']);
  });

  it('of a token that nobody can use any more are failed, of one that was used done', () => {
    expect((['open', 'used', 'expired', 'revoked'] as const).map((state) => tokenStep({ state }).state)).toEqual(['done', 'done', 'failed', 'failed']);
  });
});

describe('a refusal', () => {
  it('shows the host that has asked, and fails its certificate', () => {
    const refused = { ...open, refused: refusal(5) };
    expect(awaitedSteps(refused).slice(0, 2)).toEqual([{ step: 'asked', state: 'done' }, { step: 'certificate', state: 'failed' }]);
    expect(enrollmentStage(refused)).toBe('refused');
  });

  it('is forgotten once a host came in after it, and counts when it came later', () => {
    expect(lastRefusal({ refused: refusal(5), hosts: [host()] })).toBeNull();
    expect(lastRefusal({ refused: refusal(15), hosts: [host()] })).toEqual(refusal(15));
  });
});

describe('the stage', () => {
  it.each<[EnrollmentFacts, string]>([
    [open, 'waiting'], [used(host({ heard: false })), 'certified'], [used(host()), 'ready'],
    [{ ...open, state: 'expired' }, 'over'], [{ ...open, state: 'revoked' }, 'over'],
    // Whoever came in was revoked, or enrolled anew, since.
    [{ ...open, state: 'used' }, 'over'],
    // Of three, one is in, and more may come; at the end those that came are all.
    [{ ...open, uses_max: 3, hosts: [host()] }, 'waiting'], [{ ...open, uses_max: 3, state: 'expired', hosts: [host()] }, 'ready'],
    [{ ...open, uses_max: 3, state: 'expired', hosts: [host(), host({ heard: false })] }, 'certified'],
  ])('%#: follows from hosts and state', (enrollment, stage) => {
    expect(enrollmentStage(enrollment)).toBe(stage);
  });

  it('is ready only when everybody who came in was heard, and over only when nobody came in', () => {
    fc.assert(fc.property(enrollments, (enrollment) => {
      const stage = enrollmentStage(enrollment);
      if (stage === 'ready') expect(enrollment.hosts.length > 0 && enrollment.hosts.every(({ heard }) => heard)).toBe(true);
      if (stage === 'over') expect(enrollment.hosts).toEqual([]);
      if (enrollment.state === 'open') expect(['ready', 'over']).not.toContain(stage);
    }));
  });
});

describe('silence', () => {
  const late = start + silencePatienceMs;

  it('is told after a minute: the host does not get here, or does not speak', () => {
    expect(enrollmentSilence(open, late - 1)).toBeNull();
    expect(enrollmentSilence(open, late)).toBe('unreached');
    const unheard = used(host({ heard: false }));
    expect(enrollmentSilence(unheard, late)).toBeNull();
    expect(enrollmentSilence(unheard, late + 10_000)).toBe('unheard');
  });

  it('is none where something was heard, refused or ended', () => {
    expect([used(host()), { ...open, refused: refusal(5) }, { ...open, state: 'expired' as const }, { ...open, uses_max: 2, hosts: [host()] }].map((one) => enrollmentSilence(one, late + 3_600_000))).toEqual([null, null, null, null]);
  });

  it('is never told before its time', () => {
    fc.assert(fc.property(enrollments, fc.integer({ min: 0, max: silencePatienceMs - 1 }), (enrollment, soon) => {
      expect(enrollmentSilence(enrollment, Date.parse(enrollment.created_at) + soon)).toBeNull();
    }));
  });
});
