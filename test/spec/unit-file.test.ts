/** The unit file: systemd reads what was meant, and no value can add or change a line of it. */
import fc from 'fast-check';
import type { SystemdRun } from '../../spec/desired.js';
import { resolveSystemdRun } from '../../spec/resolve/run.js';
import { quoteEnvironment, renderUnit } from '../../spec/systemd-unit.js';
import { parsed, small } from './marked.js';

type Run = Omit<SystemdRun, 'type' | 'unit_text'>;
const run: Run = { unit_name: 'job.service', command: '/bin/job --all', working_directory: null, user: null, group: null, env: {}, restart: 'on-failure', restart_sec: 5, resources: { memory_bytes: null, cpus: null } };
const linesOf = (change: Partial<Run>, project = 'shop'): string[] => renderUnit('job', project, { ...run, ...change }).split('\n');

test('a full unit, line by line', () => {
  expect(linesOf({ working_directory: '/opt/job', user: 'deploy', group: 'www', env: { B: '2', A: 'x y' }, restart: 'always', restart_sec: 0.5, resources: { memory_bytes: 1024, cpus: 1.5 } })).toEqual([
    '# Made by Maestro; a change by hand shows as drift and is put right by the next apply.',
    '[Unit]', 'Description=job (shop)', 'After=network-online.target', 'Wants=network-online.target', '',
    '[Service]', 'Type=exec', 'ExecStart=/bin/job --all', 'WorkingDirectory=/opt/job', 'User=deploy', 'Group=www', 'Environment="A=x y"', 'Environment="B=2"',
    'Restart=always', 'RestartSec=0.5', 'MemoryMax=1024', 'CPUQuota=150%', '', '[Install]', 'WantedBy=multi-user.target', '',
  ]);
});

test.each([
  ['a quote', 'a"b', '"K=a\\"b"'], ['a backslash', 'a\\b', '"K=a\\\\b"'], ['a line end', 'a\nb', '"K=a\\nb"'], ['a carriage return', 'a\rb', '"K=a\\rb"'], ['a tab', 'a\tb', '"K=a\\tb"'],
  ['a specifier', '50%n', '"K=50%%n"'], ['a dollar', '$HOME', '"K=$HOME"'], ['spaces at the ends', ' a ', '"K= a "'], ['nothing', '', '"K="'], ['a trailing backslash', 'a\\', '"K=a\\\\"'],
])('in the environment %s is quoted', (_, value, expected) => {
  expect(quoteEnvironment('K', value)).toBe(expected);
});

test('a percent sign in command, folder and project is no specifier', () => {
  const lines = linesOf({ command: '/bin/job %n', working_directory: '/opt/100%a' }, '50%');
  expect(lines).toEqual(expect.arrayContaining(['ExecStart=/bin/job %%n', 'WorkingDirectory=/opt/100%%a', 'Description=job (50%%)']));
});

test('whatever the environment holds, the unit has the same settings', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('x"\nUser=root', '\\', '"\r\n[Service]\r\nExecStart=/bin/evil', '%n\n', '\u2028User=root'));
  fc.assert(fc.property(value, (text) => {
    const lines = linesOf({ env: { A: text.replaceAll('\0', '') }, user: 'deploy' });
    expect(lines).toHaveLength(linesOf({ env: { A: 'x' }, user: 'deploy' }).length);
    expect(lines.filter((line) => /^(User|ExecStart|\[)/.test(line))).toEqual(['[Unit]', '[Service]', 'ExecStart=/bin/job --all', 'User=deploy', '[Install]']);
    expect(lines.find((line) => line.startsWith('Environment='))).toMatch(/^Environment="A=(?:[^"\\\n\r]|\\.)*"$/);
  }), { numRuns: 300 });
});

describe('a rendered value that would run on into the next line of the unit is refused', () => {
  const { components } = parsed(small({ source: 'type: archive, path: a.tar', run: 'type: systemd, command: /bin/a' }));
  const component = components['web'];
  const problems = (change: object): string[] => {
    const found: string[] = [];
    if (component?.run.type === 'systemd') resolveSystemdRun('web', 'shop', component, { ...component.run, ...change }, ({ path, message }) => found.push(`${path.join('.')}: ${message}`));
    return found;
  };
  test('what is right is not refused', () => {
    expect(problems({ command: '/bin/a "x y" \\"', working_directory: '/opt/a', user: 'deploy', group: 'www' })).toEqual([]);
  });
  test.each(['command', 'user', 'group', 'working_directory'])('%s', (key) => {
    expect(problems({ [key]: '/a\nUser=root' })).toContain(`run.${key}: ${key} must be one line`);
    expect(problems({ [key]: '/a\rUser=root' })).toContain(`run.${key}: ${key} must be one line`);
    expect(problems({ [key]: '/a\u001b[2J' })).toContain(`run.${key}: ${key} must not have control characters`);
    expect(problems({ [key]: '/a \\' })).toContain(`run.${key}: ${key} must not end in a backslash`);
    expect(problems({ [key]: '/a \\  ' })).toContain(`run.${key}: ${key} must not end in a backslash`);
    expect(problems({ [key]: '  ' })).toContain(`run.${key}: ${key} is empty`);
  });
  test.each(['opt/app', './app', '/opt/../etc', 'C:\\app'])('the working directory %j is not absolute', (directory) => {
    expect(problems({ working_directory: directory })).toEqual([`run.working_directory: "${directory}" is not an absolute path without ".."`]);
  });
});
