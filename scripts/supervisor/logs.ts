import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { reason } from './errors.js';
import { worthShowing, type LogFormat } from './log-lines.js';

const largestFile = 10 * 1024 ** 2;
const longestLine = 64 * 1024;
const rememberedLines = 20;

export type Say = (line: string) => void;

/** A log file of bounded size: when full it becomes `.1`, and the `.1` before it goes. */
class LogFile {
  private fd: number;
  private size: number;

  constructor(
    private readonly path: string,
    private readonly complain: Say,
  ) {
    this.fd = openSync(path, 'a', 0o600);
    this.size = existsSync(path) ? statSync(path).size : 0;
  }

  write(text: string): void {
    try {
      if (this.size > largestFile) this.turn();
      this.size += writeSync(this.fd, text);
    } catch (error) {
      this.complain(`cannot write ${this.path}: ${reason(error)}`);
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private turn(): void {
    closeSync(this.fd);
    renameSync(this.path, `${this.path}.1`);
    this.fd = openSync(this.path, 'a', 0o600);
    this.size = 0;
  }
}

/** Where the lines of one part go: all to its file, those that matter to the terminal. */
export class PartLog {
  private readonly file: LogFile;
  private readonly recent: string[] = [];
  private complained = false;
  /** While everything stops, parts complain about each other's absence: that is for the file only. */
  quiet = false;

  constructor(
    private readonly name: string,
    logsFolder: string,
    private readonly format: LogFormat,
    private readonly say: Say,
    private readonly debug: boolean,
  ) {
    this.file = new LogFile(join(logsFolder, `${name}.log`), (line) => this.complainOnce(line));
  }

  /** Follows one output stream of a child, line by line. */
  follow(stream: Readable, source: 'stdout' | 'stderr'): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) this.line(line, source);
    });
    stream.on('end', () => {
      if (rest) this.line(rest, source);
    });
    stream.on('error', () => undefined); // the child is gone; its exit is reported elsewhere
  }

  /** A new start: what the last one said is in the file. */
  begin(): void {
    this.recent.length = 0;
    this.quiet = false;
  }

  /** What to show when the part failed. */
  lastLines(): string {
    return this.recent.join('\n  ');
  }

  close(): void {
    this.file.close();
  }

  private line(line: string, source: 'stdout' | 'stderr'): void {
    this.file.write(`${line}\n`);
    const shown = worthShowing(line, source, this.format);
    if (shown ?? line.trim()) this.remember(shown ?? line);
    if (this.debug) this.say(`[${this.name}] ${line}`);
    else if (shown && !this.quiet) this.say(`[${this.name}] ${shown}`);
  }

  private remember(line: string): void {
    this.recent.push(line.slice(0, 500));
    if (this.recent.length > rememberedLines) this.recent.shift();
  }

  private complainOnce(line: string): void {
    if (!this.complained) this.say(line);
    this.complained = true;
  }
}
