import type { Metadata } from 'next';
import { NewDeployPage } from '../../../../features/deploy/new-deploy-page.js';

export const metadata: Metadata = { title: 'New deploy' };

export default function Page() {
  return <NewDeployPage />;
}
