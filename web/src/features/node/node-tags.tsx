import { Check, Hourglass, Minus, Wifi, WifiOff } from 'lucide-react';
import type { Node } from '../../api/types.js';
import { StateTag } from '../../ui/state-tag.js';
import { nodeWords } from './words.js';

export function Found({ there }: { there: boolean }) {
  return there ? <StateTag look={{ tone: 'good', icon: Check }} label={nodeWords.found} /> : <StateTag look={{ tone: 'warn', icon: Minus }} label={nodeWords.missing} />;
}

/** Online, silent since when, or not heard of since it came in. */
export function NodeTag({ node }: { node: Pick<Node, 'online' | 'last_seen_at'> }) {
  if (node.online) return <StateTag look={{ tone: 'good', icon: Wifi }} label={nodeWords.online} />;
  if (node.last_seen_at === null) return <StateTag look={{ tone: 'warn', icon: Hourglass }} label={nodeWords.unheard} />;
  return <StateTag look={{ tone: 'bad', icon: WifiOff }} label={nodeWords.offline} />;
}
