import type { Metadata } from 'next';
import { DeployPage } from '../../../../features/deploy/deploy-page.js';

export const metadata: Metadata = { title: 'Deploy' };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <DeployPage deployId={id} />;
}
