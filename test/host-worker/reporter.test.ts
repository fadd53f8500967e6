import { ControlPlaneStandIn } from './control-plane-stand-in.js';
import { connectControlPlane } from '../../host-worker/control-plane/client.js';
import { OutputCap } from '../../host-worker/control-plane/output-cap.js';
import { Reporter } from '../../host-worker/control-plane/reporter.js';
import { StepReporter } from '../../host-worker/control-plane/step-reporter.js';

let control: ControlPlaneStandIn;
let warnings: string[];
let reporter: Reporter;
const run = 'rol_1';

beforeEach(async () => {
  control = await ControlPlaneStandIn.start();
  warnings = [];
  const client = connectControlPlane({ url: `http://127.0.0.1:${String(control.port)}` });
  reporter = new Reporter(client, { warn: (_: unknown, message?: string) => void warnings.push(message ?? '') });
});
afterEach(async () => { await control.stop(); });

const step = (component = 'web', mark = 'activate/rol_1/1') => new StepReporter(reporter, run, component, mark);

describe('what a step tells', () => {
  it('arrives in order and in few requests', async () => {
    const report = step();
    for (let index = 0; index < 500; index += 1) report.output('stdout', `line ${String(index)}`);
    report.end();
    await report.delivered();
    expect(control.lines(run)).toEqual(Array.from({ length: 500 }, (_, index) => `line ${String(index)}`));
    expect(control.requests.length).toBeLessThanOrEqual(2);
  });

  it('is sent soon without being asked to', async () => {
    step().output('info', 'pulling');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(control.lines(run)).toEqual(['pulling']);
  });

  it('is not held up at the end', async () => {
    const report = step();
    report.output('info', 'last words');
    const started = performance.now();
    report.end();
    await report.delivered();
    expect(performance.now() - started).toBeLessThan(120);
    expect(control.lines(run)).toEqual(['last words']);
  });

  it('fits the size that the control plane takes, also when it is full of quotes', async () => {
    const report = step();
    for (let index = 0; index < 400; index += 1) report.output('stdout', '"\\'.repeat(1_000));
    report.end();
    await report.delivered();
    expect(Math.max(...control.batchBytes)).toBeLessThanOrEqual(256 * 1024);
    expect(control.batchBytes.length).toBeGreaterThan(3);
  });

  it('carries no terminal codes', async () => {
    const report = step();
    report.output('stderr', '\u001b[31mred\u001b[0m\r\n\u0000\u0007plain\ttab\n\n');
    report.end();
    await report.delivered();
    expect(control.lines(run)).toEqual(['red', 'plain\ttab']);
  });

  it('has phases with durations, and the failing one stays the current one', async () => {
    const report = step();
    await report.phase('files', () => new Promise((resolve) => setTimeout(resolve, 30)));
    await expect(report.phase('start', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    report.end();
    await report.delivered();
    expect(report.current).toBe('start');
    expect(report.phases.map(({ phase }) => phase)).toEqual(['files', 'start']);
    expect(report.phases[0]?.duration_ms).toBeGreaterThanOrEqual(25);
    expect(control.phases(run)).toEqual(['files', 'start']);
  });

  it('shows phases once when an activity is repeated, and its output as often as there was any', async () => {
    for (let round = 0; round < 2; round += 1) {
      const report = step();
      await report.phase('files', async () => report.output('info', 'writing'));
      report.end();
      await report.delivered();
    }
    await step('web', 'activate/rol_1/2').phase('files', async () => undefined);
    await reporter.flush(1_000);
    expect(control.phases(run)).toEqual(['files', 'files']);
    expect(control.lines(run)).toEqual(['writing', 'writing']);
  });

  it('of several runs and components goes where it belongs', async () => {
    const other = new StepReporter(reporter, 'rol_2', 'db', 'activate/rol_2/1');
    const mine = step();
    for (let index = 0; index < 3; index += 1) {
      mine.output('info', `mine ${String(index)}`);
      other.output('info', `other ${String(index)}`);
    }
    mine.end();
    other.end();
    await Promise.all([mine.delivered(), other.delivered()]);
    expect(control.lines(run)).toEqual(['mine 0', 'mine 1', 'mine 2']);
    expect(control.lines('rol_2')).toEqual(['other 0', 'other 1', 'other 2']);
    expect(new Set(control.reports.filter((entry) => entry.run === 'rol_2').map(({ component }) => component))).toEqual(new Set(['db']));
  });
});

describe('a control plane that does not listen', () => {
  it('is told again, and hears everything once', async () => {
    control.nextStatuses = [503, 500];
    const report = step();
    report.output('info', 'heard in the end');
    report.end();
    await report.delivered();
    expect(control.lines(run)).toEqual(['heard in the end']);
    expect(new Set(control.requests.map(({ body }) => body)).size).toBe(1);
  });

  it('never fails a step: what cannot be delivered is dropped and noted', async () => {
    control.nextStatuses = [503, 503, 503, 503];
    const report = step();
    report.output('info', 'lost');
    await report.phase('files', async () => undefined);
    report.end();
    await report.delivered();
    expect(warnings).toContain('a report could not be delivered');
    report.output('info', 'heard again');
    await reporter.flush(2_000);
    expect(control.lines(run)).toEqual(['heard again']);
  });

  it('does not hold up the end of a step for long', async () => {
    control.nextStatuses = Array.from({ length: 50 }, () => 503);
    const report = step();
    report.output('info', 'lost');
    const started = performance.now();
    await reporter.flush(300);
    expect(performance.now() - started).toBeLessThan(600);
    report.end();
    await report.delivered();
  });

  it('does not fill our memory', async () => {
    control.nextStatuses = Array.from({ length: 200 }, () => 503);
    const before = process.memoryUsage().heapUsed;
    for (let component = 0; component < 40; component += 1) {
      const report = step(`c${String(component)}`);
      for (let index = 0; index < 1_000; index += 1) report.output('stdout', `${String(index)} ${'x'.repeat(1_000)}`);
    }
    expect((process.memoryUsage().heapUsed - before) / 1024 / 1024).toBeLessThan(80);
    control.nextStatuses = [];
    await reporter.flush(5_000);
    expect(warnings).toContain('reports that could not be delivered were dropped');
  });
});

describe('a flood', () => {
  const line = (text: string) => ({ stream: 'stdout' as const, text });
  const flood = (cap: OutputCap, lines: number): string[] => Array.from({ length: lines }, (_, index) => cap.take(line(String(index).padStart(9, '0')))).flatMap((passed) => (passed === null ? [] : [passed.text]));

  it('is cut in the middle: the head as it came, the tail at the end, and a mark with the bytes between', () => {
    const cap = new OutputCap(100, 50);
    expect(flood(cap, 1_000)).toEqual(Array.from({ length: 10 }, (_, index) => String(index).padStart(9, '0')));
    expect(cap.rest().map(({ text }) => text)).toEqual(['[truncated: 9850 bytes left out]', '000000995', '000000996', '000000997', '000000998', '000000999']);
  });

  it('that just fits is whole', () => {
    const cap = new OutputCap(100, 50);
    const head = flood(cap, 15);
    expect([...head, ...cap.rest().map(({ text }) => text)]).toEqual(Array.from({ length: 15 }, (_, index) => String(index).padStart(9, '0')));
  });

  it('of one line is cut, too', () => {
    const passed = new OutputCap().take(line('x'.repeat(1_000_000)));
    expect(passed?.text.length).toBeLessThan(20_000);
    expect(passed?.text.endsWith('[line truncated]')).toBe(true);
  });

  it('of 100 MB reaches the control plane as about 2 MB', async () => {
    const report = step();
    for (let index = 0; index < 100_000; index += 1) report.output('stdout', `${String(index)} ${'x'.repeat(1_000)}`);
    report.end();
    await report.delivered();
    const lines = control.lines(run);
    const bytes = lines.reduce((sum, text) => sum + text.length, 0);
    expect(bytes).toBeGreaterThan(1.8 * 1024 * 1024);
    expect(bytes).toBeLessThan(2.2 * 1024 * 1024);
    expect(lines[0]).toMatch(/^0 x/);
    expect(lines.at(-1)).toMatch(/^99999 x/);
    expect(lines.filter((text) => text.startsWith('[truncated: '))).toHaveLength(1);
  });
});
