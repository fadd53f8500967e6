/** What the pages decide and say without a browser: pure functions of what the API answers. */
import { driftSentence } from '../../web/src/features/deploy/observed-words.js';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isErrorCode } from '../../spec/errors.js';
import { fetchProblem, readProblem } from '../../web/src/api/problem.js';
import { noteServerTime, serverNow } from '../../web/src/api/server-time.js';
import type { DeployBrief, Plan } from '../../web/src/api/types.js';
import { filesBody, mergeFiles, sortUploads, toBase64 } from '../../web/src/features/bundle/uploads.js';
import { deploySentence } from '../../web/src/features/deploy/deploy-sentence.js';
import { describeOperation } from '../../web/src/features/diff/describe-operation.js';
import { summarySentence } from '../../web/src/features/diff/plan-summary.js';
import { nodeMeaning } from '../../web/src/features/node/node-meaning.js';
import { loginPath, safeReturnPath } from '../../web/src/features/session/return-path.js';
import { formatAgo, formatDuration, formatTicking } from '../../web/src/ui/format.js';

describe('the page to return to', () => {
  test('is never of another site, whatever the address says', () => {
    const nasty = fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom('//evil.test', '/\\evil.test', 'https://evil.test/', 'javascript:alert(1)', '/\t/evil.test', '/.//evil.test', '/..//evil.test', '/login?next=/deploys'));
    fc.assert(fc.property(nasty, (asked) => {
      const url = new URL(safeReturnPath(asked), 'http://maestro.test');
      expect(url.origin).toBe('http://maestro.test');
    }));
  });

  test('goes through signing in and comes back whole, with its query', () => {
    const path = '/deploys/dpl_1?tab=diff&version=2';
    const next = new URL(loginPath(path), 'http://maestro.test').searchParams.get('next');
    expect(safeReturnPath(next)).toBe(path);
  });
});

describe('a problem', () => {
  test('keeps code, message, fix, places and details of what the API answered', () => {
    const problem = readProblem(409, { code: 'conflict', message: 'A rollout is open.', suggested_fix: 'Answer it.', errors: [], details: { rollout_id: 'rol_1' }, request_id: 'r1' });
    expect(problem).toMatchObject({ code: 'conflict', message: 'A rollout is open.', fix: 'Answer it.', status: 409, details: { rollout_id: 'rol_1' }, requestId: 'r1' });
  });

  test('of a proxy or a crash still has a code, a message and a fix', () => {
    fc.assert(fc.property(fc.integer({ min: 400, max: 599 }), fc.anything(), (status, body) => {
      const { code, message } = readProblem(status, body);
      expect(isErrorCode(code)).toBe(true);
      expect(message).not.toBe('');
    }));
    expect(readProblem(502, '<html>Bad gateway</html>').code).toBe('unavailable');
  });

  test('without any answer says whether nobody was there or nobody answered in time', () => {
    expect(fetchProblem(new TypeError('Failed to fetch')).code).toBe('unreachable');
    expect(fetchProblem(new DOMException('', 'TimeoutError')).code).toBe('timeout');
  });
});

describe('time', () => {
  afterEach(() => noteServerTime(new Date().toUTCString()));

  test('follows the server when the browser\'s clock is off, and ignores the Date header\'s rounding', () => {
    noteServerTime(new Date(Date.now() + 240_000).toUTCString());
    expect(serverNow() - Date.now()).toBeGreaterThan(230_000);
    noteServerTime(new Date(Date.now() - 900).toUTCString());
    expect(Math.abs(serverNow() - Date.now())).toBeLessThan(50);
  });

  test('durations are short and exact enough; what goes on counts whole seconds', () => {
    expect([12, 640, 12_300, 65_000, 7_380_000].map(formatDuration)).toEqual(['12ms', '0.6s', '12s', '1m 05s', '2h 03m']);
    expect([0, 7_900, 65_000, -5_000].map(formatTicking)).toEqual(['0s', '7s', '1m 05s', '0s']);
  });

  test('ages are in the largest unit that fits, and the future is now', () => {
    const now = Date.parse('2026-11-23T03:00:00Z');
    expect([10, 61, 3_700, 90_000, -60].map((seconds) => formatAgo(now - seconds * 1_000, now))).toEqual(['just now', '1 minute ago', '1 hour ago', '1 day ago', 'just now']);
  });
});

describe('what was picked or dropped', () => {
  const file = (path: string) => ({ path, bytes: new TextEncoder().encode(path) });
  const paths = ({ document, files }: ReturnType<typeof sortUploads>) => ({ document: document?.path ?? null, files: files.map(({ path }) => path) });

  test('a folder: its document by name, everything else by its path inside', () => {
    expect(paths(sortUploads([file('shop/deployment.yaml'), file('shop/templates/api.conf.j2'), file('shop/values.yaml')])))
      .toEqual({ document: 'deployment.yaml', files: ['templates/api.conf.j2', 'values.yaml'] });
  });

  test('the only YAML file is the document; of two without a name for it, neither is', () => {
    expect(paths(sortUploads([file('shop.yml'), file('a.conf')]))).toEqual({ document: 'shop.yml', files: ['a.conf'] });
    expect(paths(sortUploads([file('a.yaml'), file('b.yaml')]))).toEqual({ document: null, files: ['a.yaml', 'b.yaml'] });
  });

  test('nothing picked is lost, and a second file of a path takes the first one\'s place', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}(\/[a-z]{1,3})?(\.ya?ml)?$/)), (names) => {
      const { document, files } = sortUploads(names.map(file));
      expect(files.length + (document ? 1 : 0)).toBe(names.length);
    }));
    expect(mergeFiles([file('a'), file('b')], [{ path: 'a', bytes: new Uint8Array(3) }]).map(({ path, bytes }) => [path, bytes.length])).toEqual([['a', 3], ['b', 1]]);
  });

  test('travels as base64 of the same bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 70_000 }), (bytes) => {
      expect(Buffer.from(toBase64(bytes), 'base64').equals(Buffer.from(bytes))).toBe(true);
    }), { numRuns: 20 });
    expect(filesBody([file('x')])).toEqual({ x: 'eA==' });
  });
});

describe('sentences', () => {
  const deploy: DeployBrief = { deploy_id: 'dpl_1', name: 'shop', state: 'in_sync', active_version: 3, latest_version: 3, last_rollout: null, drift: { placements: 0, kinds: [] }, observed: {}, updated_at: '2026-11-23T03:00:00Z' };
  const last = (version: number): DeployBrief['last_rollout'] => ({ rollout_id: 'rol_1', state: 'failed', kind: 'apply', version, started_at: null, ended_at: null });

  test('a deploy says what is active, what waits and what went wrong', () => {
    expect(deploySentence(deploy, 2)).toBe('Version 3 is active on 2 hosts.');
    expect(deploySentence({ ...deploy, latest_version: 4 }, 1)).toBe('Version 3 is active on 1 host. Version 4 is submitted and not applied yet.');
    expect(deploySentence({ ...deploy, state: 'failed', latest_version: 4, last_rollout: last(4) }, 2)).toBe('The rollout of version 4 did not succeed. Version 3 counts as active.');
    expect(deploySentence({ ...deploy, state: 'drifted', drift: { placements: 1, kinds: ['stopped'] }, observed: { stopped: 1, healthy: 2 } }, 2)).toBe('Version 3 is active, but 1 placement is not as it asks for.');
    expect(deploySentence({ ...deploy, state: 'never_applied', active_version: null, latest_version: 2 }, 2)).toBe('Version 2 is ready to diff and apply.');
  });

  const none = { create: 0, update: 0, restart: 0, reload: 0, unchanged: 0, remove: 0, conflict: 0 };
  const plan = (summary: Partial<Plan['summary']>, hosts: boolean[]): Plan => ({
    plan_id: 'pln_1', plan_digest: 'd', expires_at: '', version: 1, component: null, component_from: null, summary: { ...none, ...summary },
    hosts: hosts.map((reachable, index) => ({ host: `h-${index}`, reachable, detail: '', components: [] })),
  });

  test('a plan is its counts, conflicts first; nothing to do is only said when every host was asked', () => {
    expect(summarySentence(plan({ update: 1, unchanged: 2, conflict: 1 }, [true, true]))).toBe('1 conflict, 1 to update, 2 unchanged on 2 hosts.');
    expect(summarySentence(plan({ unchanged: 2 }, [true, true]))).toBe('Nothing to do: every host runs this version already.');
    expect(summarySentence(plan({ unchanged: 1 }, [true, false]))).toBe('1 unchanged on 1 host.');
  });

  test('an operation is said in words, also one that is not known here', () => {
    expect(describeOperation({ op: 'pull_image', image: 'nginx:1.27' })).toBe('pull the image nginx:1.27');
    expect(describeOperation({ op: 'check_health' })).toBe('check its health');
    expect(describeOperation({ op: 'drain_port', port_name: 'http' })).toBe('drain port http');
  });

  test('a node says what can and cannot run on it', () => {
    const facts = { docker: true, systemd: true, missing: [] };
    expect(nodeMeaning({ online: true, facts })).toEqual(['Ready for every kind of component.']);
    expect(nodeMeaning({ online: true, facts: { docker: false, systemd: true, missing: ['docker'] } })[0]).toMatch(/^Components that run in Docker cannot run here/);
    expect(nodeMeaning({ online: true, facts: { docker: false, systemd: false, missing: ['docker', 'systemd'] } })).toEqual(['Nothing can run here until Docker or systemd is there.']);
    expect(nodeMeaning({ online: false, facts })[0]).toMatch(/^Rollouts that touch this host wait/);
  });
});

test('drift says what is and what should be, and nothing of what is not there', () => {
  expect(driftSentence({ field: 'ports', kind: 'changed', from: 'a', to: 'b' })).toBe('was changed: is a, should be b');
  expect(driftSentence({ field: 'container', kind: 'missing', from: null, to: 'web' })).toBe('is missing');
  expect(driftSentence({ field: 'image', kind: 'changed', from: 'x'.repeat(100), to: 'y' }).length).toBeLessThan(110);
});
