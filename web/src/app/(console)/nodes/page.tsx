import type { Metadata } from 'next';
import { NodesPage } from '../../../features/node/nodes-page.js';

export const metadata: Metadata = { title: 'Nodes' };

export default function Page() {
  return <NodesPage />;
}
