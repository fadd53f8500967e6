/** `maestro nodes`: the fleet, a line each. */
import type { Where } from './arguments.js';
import { answered, connect, deadline } from './connection.js';
import { exitCodes, type ExitCode } from './failure.js';
import { jsonLine, printable, type Io } from './io.js';

/** 20,000 hosts; more are told as cut. */
const mostPages = 100;

export async function nodes(where: Where, io: Io): Promise<ExitCode> {
  const connection = await connect(where);
  let cursor: string | undefined;
  let count = 0;
  for (let page = 0; page < mostPages; page += 1) {
    const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next_cursor: next } = await answered(where.url, connection.client.GET('/api/nodes', { params: { query }, signal: deadline() }));
    count += items.length;
    for (const node of items) io.out(where.json ? jsonLine(node) : `${line(node)}\n`);
    cursor = next ?? undefined;
    if (cursor === undefined) {
      if (count === 0) io.err('no hosts yet; let one in with: maestro enroll NAME\n');
      return exitCodes.done;
    }
  }
  io.err(`only the first ${String(count)} hosts\n`);
  return exitCodes.done;
}

interface NodeFacts { name: string; online: boolean; last_seen_at: string | null; facts: { docker: boolean; systemd: boolean }; version: string }

function line({ name, online, last_seen_at: seen, facts, version }: NodeFacts): string {
  const state = online ? 'online' : seen === null ? 'not heard yet' : `offline since ${seen}`;
  const has = [...(facts.docker ? ['docker'] : []), ...(facts.systemd ? ['systemd'] : [])].join(',') || '-';
  return [name.padEnd(24), state.padEnd(14), has.padEnd(15), version].map(printable).join('  ').trimEnd();
}
