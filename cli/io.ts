/** Where the command line speaks: data on stdout, talk on stderr; with --json a line of JSON for each thing on stdout. */
export interface Io { out(text: string): void; err(text: string): void; /** Ctrl-C: whatever is waited for goes on without us. */ signal: AbortSignal; now(): number }

/** Without what could move the cursor or hide a line of a terminal: names and messages come from elsewhere. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');

export const jsonLine = (value: object): string => `${JSON.stringify(value)}\n`;
