/** Answers that survive a reload. What has another shape, or cannot be read, is dropped. */
import * as z from 'zod/mini';
import { healthKinds, sourceKinds, strategies, type Answers, type Entry } from './answers.js';

const draftShape = 1;
const text = z.string();
const answers = z.object({
  project: text, component: text, depends_on: z.array(text), source: z.enum(sourceKinds), image: text, tag: text, repo: text, ref: text, archive: text, artifact: text, subpath: text, credentials: text,
  hosts: z.array(text), addresses: z.record(text, text), strategy: z.enum(strategies), name: text, command: text, working_directory: text, user: text, restart: text, ports: text, volumes: text,
  env: z.array(z.object({ name: text, value: text, secret: z.boolean() })), health: z.enum(healthKinds), health_url: text, health_status: text, health_port: text, health_command: text, health_start_period: text,
});
const draft = z.object({ shape: z.literal(draftShape), answers, from: z.nullable(answers) });

/** `from`: what a component that is there had said when it was begun to be changed. */
export interface Draft { answers: Answers; from: Answers | null }

/** One a person, way in, deploy and component: drafts do not mix. */
export const draftKey = (user: string, entry: Entry, deployId: string | null, component: string | null): string => ['maestro.wizard', user, entry, deployId ?? '', component ?? ''].join('/');

const secretName = /(PASS(WORD|WD|PHRASE)?|SECRET|TOKEN|KEY|CREDENTIALS?|DSN|DATABASE_URL)$/i;
/** Whether a variable is a secret by its name, which belongs into the vault. */
export const looksSecret = (name: string): boolean => secretName.test(name.trim());

const withoutSecrets = (given: Answers): Answers => ({ ...given, env: given.env.map((entry) => (!entry.secret && looksSecret(entry.name) ? { ...entry, value: '' } : entry)) });

/** What looks like a secret stays out of the browser's store. */
export const encodeDraft = ({ answers: given, from }: Draft): string => JSON.stringify({ shape: draftShape, answers: withoutSecrets(given), from: from === null ? null : withoutSecrets(from) });

export function decodeDraft(stored: string | null): Draft | null {
  if (stored === null) return null;
  try {
    const parsed = draft.safeParse(JSON.parse(stored));
    return parsed.success ? { answers: parsed.data.answers, from: parsed.data.from } : null;
  } catch {
    return null;
  }
}
