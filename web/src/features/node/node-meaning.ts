/** What a node's facts mean for somebody who wants to deploy to it; pure. */
import type { Node } from '../../api/types.js';
import { nodeWords } from './words.js';

const named: readonly string[] = ['docker', 'systemd'];

export function nodeMeaning({ online, facts, last_seen_at: seen }: Pick<Node, 'online' | 'facts'> & Partial<Pick<Node, 'last_seen_at'>>): string[] {
  const { means } = nodeWords;
  if (seen === null) return [means.unheard];
  if (!online) return [means.offline];
  const others = facts.missing.filter((name) => !named.includes(name));
  const also = others.length > 0 ? [means.other(others)] : [];
  if (!facts.docker && !facts.systemd) return [means.nothing, ...also];
  const lacking = [...(facts.docker ? [] : [means.noDocker]), ...(facts.systemd ? [] : [means.noSystemd])];
  return [...(lacking.length > 0 ? lacking : [means.ready]), ...also];
}
