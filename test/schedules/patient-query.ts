/** Questions to a database that is killed now and then: asked again until it is back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryResultRow } from 'pg';

interface Database { query<R extends QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: R[] }> }

const patienceMs = 60_000;
const stepMs = 200;

/** What is wrong with the question itself has a code of SQL's own, and is no reason to ask again. */
function isAway(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return code === '' || /^(57P0|08|E[A-Z]+$)/.test(code);
}

export async function patientRows<R extends QueryResultRow>(db: Database, text: string, values: unknown[]): Promise<R[]> {
  for (const deadline = Date.now() + patienceMs; ; await sleep(stepMs)) {
    try {
      return (await db.query<R>(text, values)).rows;
    } catch (error) {
      if (!isAway(error) || Date.now() > deadline) throw error;
    }
  }
}
