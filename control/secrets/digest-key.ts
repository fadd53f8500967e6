import { keyFile } from '../key-file.js';

/** Under it the digests of what is secret are made, so that they tell nothing to whoever sees them; 32 bytes as hex, made on first use. */
export const digestKey = (dataDir: string): Promise<string> =>
  keyFile(dataDir, 'digest.key', 'Restore it from a backup; or remove it, and what uses secrets is written anew and restarted once.');
