/** What the set-up's script for the Temporal server exports; it is plain JavaScript. */
declare module '*/temporal-server.mjs' {
  export interface TemporalProgram { path: string; version: string }
  /** What an earlier set-up found, when it is still there. */
  export function recorded(): TemporalProgram | undefined;
  /** Finds, builds or downloads it; says what it is doing. */
  export function obtainTemporal(say: (line: string) => void): Promise<TemporalProgram>;
}
