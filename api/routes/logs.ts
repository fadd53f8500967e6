/** Log lines of a component, as its hosts send them: what there is, or as they come. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { askForLogs, endLogs, takeLogs, type LogLine } from '../../control/logs/index.js';
import { nodesByName } from '../../control/nodes/index.js';
import { MaestroError } from '../../spec/errors.js';
import type { ApiContext } from '../context.js';
import { route, Streamed } from '../route.js';
import { flag, idOf } from '../schemas/common.js';
import { targetOf } from './components.js';

const name = z.string().min(1).max(63);
const tailMax = 5_000;
const hostsMax = 20;
const followMs = 10 * 60_000;
const lookEveryMs = 200;

const query = z.strictObject({
  host: name.optional().describe('Default: every host that carries the component, at most 20'),
  tail: z.coerce.number().int().min(0).max(tailMax).default(200).describe('Lines of what there is; at most 1 MiB of them'),
  follow: flag.describe('Go on with what comes, for ten minutes at most'),
  format: z.enum(['ndjson', 'text']).default('ndjson'),
});

export interface HostLine extends LogLine { host: string }
interface Question { id: string; host: string; running: Awaited<ReturnType<ApiContext['temporal']['startLogs']>>; end: { error: MaestroError | null } | null; position: number }

async function refuseSilent({ db }: ApiContext, hosts: readonly string[]): Promise<void> {
  if (hosts.length > hostsMax) throw new MaestroError('validation_error', `The component is on ${hosts.length} hosts; logs of ${hostsMax} can be read at once`, { fix: 'Name one with ?host=.' });
  const nodes = await nodesByName(db, hosts);
  if (hosts.some((host) => nodes.get(host)?.online === true)) return;
  throw new MaestroError('host_offline', `${hosts.join(', ')} ${hosts.length === 1 ? 'does' : 'do'} not speak`, { fix: 'See that the host and its worker run, then ask again.' });
}

async function ask({ db, temporal }: ApiContext, target: { deployId: string; version: number; component: string }, host: string, tail: number, follow: boolean): Promise<Question> {
  const id = await askForLogs(db, { ...target, host });
  const running = await temporal.startLogs({ deploy_id: target.deployId, version: target.version, component: target.component, host, run_id: id, tail, follow_ms: follow ? followMs : 0 });
  const question: Question = { id, host, running, end: null, position: 0 };
  void running.done.then((error) => { question.end = { error }; });
  return question;
}

/** Everything that has come of one question. The end is looked at first: what came before it is then there to be read. */
async function* arrived(db: ApiContext['db'], question: Question): AsyncGenerator<HostLine, boolean> {
  const ended = question.end;
  for (let more = true; more;) {
    const batches = await takeLogs(db, question.id, question.position);
    more = batches.length > 0;
    for (const { position, lines } of batches) {
      question.position = position;
      for (const line of lines) yield { host: question.host, ...line };
    }
  }
  if (ended !== null && ended.error !== null) yield { host: question.host, stream: 'info', ts: null, text: ended.error.message };
  return ended !== null;
}

/** null: nothing has come for a moment; it is how a reader who has left is noticed. */
async function* linesOf(context: ApiContext, questions: readonly Question[], follow: boolean): AsyncGenerator<HostLine | null> {
  try {
    for (let open = [...questions]; open.length > 0;) {
      const still: Question[] = [];
      for (const question of open) if (!(yield* arrived(context.db, question))) still.push(question);
      open = still;
      yield null;
      if (open.length > 0) await sleep(lookEveryMs);
    }
    if (follow) yield { host: '', stream: 'info', ts: null, text: 'This is the end of following; ask again with tail=0 to go on.' };
  } finally {
    for (const { id, running, end } of questions) {
      await endLogs(context.db, id);
      if (end === null) await running.cancel();
    }
  }
}

const textOf = ({ host, ts, stream, text }: HostLine): string => `${[ts, host === '' ? null : host, stream === 'stdout' ? null : `[${stream}]`, text].filter((part) => part !== null).join(' ')}\n`;

async function* written(lines: AsyncIterable<HostLine | null>, format: 'ndjson' | 'text'): AsyncGenerator<string> {
  for await (const line of lines) yield line === null ? '' : format === 'ndjson' ? `${JSON.stringify(line)}\n` : textOf(line);
}

export const logRoutes = [
  route({
    method: 'get', path: '/api/deploys/{id}/components/{cid}/logs', operationId: 'getComponentLogs', tag: 'components', summary: 'Log lines of a component; with follow, as they come', right: 'deploy.read',
    errors: ['conflict', 'host_offline'], params: z.strictObject({ id: idOf('dpl'), cid: name }), query, response: null, produces: ['application/x-ndjson', 'text/plain'],
    handler: async (call) => {
      const { context, params: { id, cid }, query: { tail, follow, format } } = call;
      const { version, hosts } = await targetOf(call);
      await refuseSilent(context, hosts);
      const questions = await Promise.all(hosts.map((host) => ask(context, { deployId: id, version, component: cid }, host, tail, follow)));
      return new Streamed(format === 'ndjson' ? 'application/x-ndjson' : 'text/plain', written(linesOf(context, questions, follow), format));
    },
  }),
];
