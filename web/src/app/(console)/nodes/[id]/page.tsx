import type { Metadata } from 'next';
import { NodePage } from '../../../../features/node/node-page.js';

export const metadata: Metadata = { title: 'Node' };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <NodePage nodeId={id} />;
}
