/** What people have answered to a rollout, from the audit: who let it go on, and why something was left out. */
import { z } from 'zod';
import type { Reader } from '../database.js';

export const answerVerbs = ['retry', 'resume', 'pause', 'skip', 'approve', 'rollback', 'abort'] as const;
export type AnswerVerb = (typeof answerVerbs)[number];

export interface AnswerView {
  verb: AnswerVerb;
  by: string;
  at: string;
  /** `<host>/<component>`, where it was about one. */
  step: string | null;
  note: string | null;
  /** Index in `deployment`, of an approval of one. */
  binding: number | null;
  /** Of a retry with another version. */
  version: number | null;
}

const answersMax = 500;
const prefix = 'rollout.';
const noted = z.object({
  step: z.string().nullable().catch(null), note: z.string().nullable().catch(null), binding: z.number().nullable().catch(null), version: z.number().nullable().catch(null),
  rollback_of: z.string().optional().catch(undefined),
}).catch({ step: null, note: null, binding: null, version: null });
const isVerb = (word: string): word is AnswerVerb => (answerVerbs as readonly string[]).includes(word);

/** Oldest first; the last 500. The opening of a rollout that takes another one back is not an answer to it. */
export async function rolloutAnswers(db: Reader, rolloutId: string): Promise<AnswerView[]> {
  const rows = await db.auditEntry.findMany({
    where: { target: rolloutId, result: 'ok', action: { in: answerVerbs.map((verb) => `${prefix}${verb}`) } },
    orderBy: { id: 'desc' }, take: answersMax, select: { ts: true, actor_name: true, action: true, details: true },
  });
  return rows.reverse().flatMap(({ ts, actor_name: by, action, details }) => {
    const verb = action.slice(prefix.length);
    const { rollback_of: opened, ...told } = noted.parse(details);
    return isVerb(verb) && opened === undefined ? [{ verb, by, at: ts.toISOString(), ...told }] : [];
  });
}
