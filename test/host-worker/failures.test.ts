import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import fc from 'fast-check';
import { operationText } from '../../host-worker/activate/activate.js';
import { describeFailure, lastBytes, StepFailed, toTemporalFailure } from '../../host-worker/activate/failures.js';
import { Reporter } from '../../host-worker/control-plane/reporter.js';
import { StepReporter } from '../../host-worker/control-plane/step-reporter.js';
import { fileTrouble, isMissing, LeftForRepeat, messageOf, Overtaken, PassingTrouble, systemCode } from '../../host-worker/trouble.js';
import { MaestroError } from '../../spec/errors.js';

const report = () => new StepReporter(new Reporter({ report: async () => undefined }, { warn: () => undefined }), 'rol_1', 'web', 'x');
const known = new MaestroError('healthcheck_failed', 'http 503 (3 of 3)', { fix: 'Look.' });

async function reportAt(phase: 'health'): Promise<StepReporter> {
  const at = report();
  await at.phase('files', async () => undefined);
  await at.phase(phase, () => Promise.reject(known)).catch(() => undefined);
  return at;
}

describe('a failure', () => {
  it('says what, where and how to mend it', async () => {
    expect(describeFailure(known, await reportAt('health'), 'the end')).toMatchObject({
      code: 'healthcheck_failed', message: 'http 503 (3 of 3)', fix: 'Look.', phase: 'health', put_back: false, output_tail: 'the end', phases: [{ phase: 'files' }, { phase: 'health' }],
    });
  });

  it('of ours is told as ours', () => {
    expect(describeFailure(new TypeError('x is undefined'), report(), '')).toMatchObject({ code: 'internal', message: expect.stringContaining('x is undefined'), fix: expect.stringContaining('log of the host worker') });
  });

  const failure = (error: unknown) => {
    const told = toTemporalFailure(error, report());
    if (!(told instanceof ApplicationFailure)) throw new Error('not an ApplicationFailure');
    return { type: told.type, final: told.nonRetryable === true, message: told.message, code: (told.details?.[0] as { code: string }).code };
  };

  it('is final for Temporal when repeating it as it is would fail again', () => {
    expect(failure(known)).toEqual({ type: 'healthcheck_failed', final: true, message: 'http 503 (3 of 3)', code: 'healthcheck_failed' });
    expect(failure(new StepFailed(describeFailure(known, report(), '')))).toEqual({ type: 'healthcheck_failed', final: true, message: 'http 503 (3 of 3)', code: 'healthcheck_failed' });
    expect(failure(new Overtaken('attempt 1 was overtaken'))).toMatchObject({ type: 'conflict', final: true });
    expect(failure(new TypeError('a bug'))).toMatchObject({ type: 'internal', final: true });
  });

  it('is not final when only the surroundings were away', () => {
    expect(failure(new PassingTrouble('Docker cannot be reached'))).toMatchObject({ type: 'unavailable', final: false, code: 'unavailable' });
    expect(failure(new LeftForRepeat('going down'))).toMatchObject({ type: 'unavailable', final: false });
  });

  it('that Temporal knows is passed on as it is', () => {
    const cancelled = new CancelledFailure('cancelled');
    const own = ApplicationFailure.nonRetryable('x', 'conflict');
    expect([toTemporalFailure(cancelled, null), toTemporalFailure(own, null)]).toEqual([cancelled, own]);
  });
});

describe('the tail of an output', () => {
  it('is all of a short one, and at most 2 KB of a long one, from a line\'s start', () => {
    expect(lastBytes('short\n')).toBe('short\n');
    const long = Array.from({ length: 500 }, (_, index) => `line ${String(index)}`).join('\n');
    expect(lastBytes(long)).toMatch(/^line \d+\n[\s\S]*line 499$/);
    expect(Buffer.byteLength(lastBytes(long))).toBeLessThanOrEqual(2048);
  });

  it('never breaks a character, whatever was written', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 1000, size: 'max' }), fc.nat(3000), (text, padding) => {
      const tail = lastBytes(`${'ü'.repeat(padding)}${text}`);
      expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(2048);
      expect(`${'ü'.repeat(padding)}${text}`.endsWith(tail)).toBe(true);
    }));
  });
});

describe('trouble with files', () => {
  const system = (code: string) => Object.assign(new Error(code), { code });
  it.each(['ENOSPC', 'EDQUOT'])('that is a full disk (%s) says so', (code) => {
    expect(fileTrouble('/etc/x', 'writing', system(code))).toMatchObject({ code: 'runtime_error', message: expect.stringContaining('no space left'), details: { reason: 'disk_full' } });
  });
  it('names the path and what the system said', () => {
    expect(fileTrouble('/etc/x', 'writing', system('EROFS')).message).toBe('writing /etc/x failed: EROFS');
    expect(fileTrouble('/etc/x', 'writing', known)).toBe(known);
  });
  it('is recognised wherever the error comes from, and below another one', () => {
    expect(systemCode(new Error('x', { cause: system('ENOENT') }))).toBe('ENOENT');
    expect(isMissing({ code: 'ENOENT', message: 'from another realm' })).toBe(true);
    expect([systemCode('text'), systemCode(null), systemCode(new Error('x'))]).toEqual([null, null, null]);
    expect([messageOf('text'), messageOf({ message: 'm' }), messageOf(undefined)]).toEqual(['text', 'm', 'undefined']);
  });
});

describe('operations', () => {
  it('are told in short', () => {
    expect([{ op: 'write_file' as const, path: '/etc/x' }, { op: 'replace_container' as const, name: 'web' }, { op: 'check_health' as const }].map(operationText)).toEqual(['write_file /etc/x', 'replace_container web', 'check_health']);
  });
});
