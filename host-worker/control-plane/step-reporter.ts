/** What one step tells: its phases with their durations, and its output within bounds. */
import type { PhaseTiming } from '../../workflows/shared.js';
import { type TestResult, withResults } from '../../spec/test-results.js';
import type { Phase } from '../../spec/words.js';
import { OutputCap, type OutputLine } from './output-cap.js';
import { type Redact, redactor, withoutTerminalCodes } from './redact.js';
import type { Reporter } from './reporter.js';

const flushTimeoutMs = 5_000;

export class StepReporter {
  /** Where we are; a phase that failed stays the current one, so that the failure can name it. */
  current: Phase | null = null;
  /** How the component's tests have ended so far. */
  tests: readonly TestResult[] = [];
  private readonly durations = new Map<Phase, number>();
  private readonly cap = new OutputCap();
  private redact: Redact = (text) => text;

  /** `mark` names run, activity and attempt: whoever repeats them reports phases under the same keys. */
  constructor(private readonly reporter: Reporter, private readonly run: string, private readonly component: string, private readonly mark: string) {}

  get phases(): PhaseTiming[] {
    return [...this.durations].map(([phase, duration]) => ({ phase, duration_ms: Math.round(duration) }));
  }

  /** Those of the same name before them are forgotten. */
  keepTests(results: readonly TestResult[]): void {
    this.tests = withResults(this.tests, results);
  }

  /** As part of a result or a failure; nothing when none ran. */
  get testsTold(): { tests?: TestResult[] } {
    return this.tests.length === 0 ? {} : { tests: [...this.tests] };
  }

  /** From now on nothing is told with one of these values in it. */
  keepSecret(values: readonly string[]): void {
    this.redact = redactor(values);
  }

  /** For what is told in another way: failures. */
  withoutSecrets(text: string): string {
    return this.redact(withoutTerminalCodes(text));
  }

  output(stream: OutputLine['stream'], lines: string): void {
    for (const part of this.withoutSecrets(lines).split('\n')) {
      const text = part.trimEnd();
      const line = text === '' ? null : this.cap.take({ stream, text });
      if (line !== null) this.reporter.output(this.run, this.component, line);
    }
  }

  async phase<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const outer = this.current;
    this.current = phase;
    this.tell(phase, 'started');
    try {
      const result = await work();
      this.current = outer;
      return result;
    } finally {
      const duration = performance.now() - started;
      this.durations.set(phase, (this.durations.get(phase) ?? 0) + duration);
      this.tell(phase, 'ended', Math.round(duration));
    }
  }

  /** Tells the rest; call once, at the end. It is on its way then, with the next batch. */
  end(): void {
    for (const line of this.cap.rest()) this.reporter.output(this.run, this.component, line);
  }

  /** Waits until it has arrived, for a bounded time. */
  delivered(): Promise<void> {
    return this.reporter.flush(flushTimeoutMs);
  }

  private tell(phase: Phase, state: 'started' | 'ended', duration_ms?: number): void {
    this.reporter.phase(this.run, this.component, `${this.mark}/${this.component}/${phase}/${state}`, { phase, state, ...(duration_ms === undefined ? {} : { duration_ms }) });
  }
}
