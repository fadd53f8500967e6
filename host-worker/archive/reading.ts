/** What the readers of all formats are given. */
import type { ArchiveEntry, ArchiveLedger } from '../../spec/archive/entries.js';

/** Takes an entry with its bytes; throws what is to be told. */
export type PutEntry = (entry: ArchiveEntry, bytes: AsyncIterable<Uint8Array> | null) => Promise<void>;
export interface Reading { archive: string; ledger: ArchiveLedger; put: PutEntry; signal: AbortSignal; /** Throws when it is not null. */ refuse(why: string | null): void }
