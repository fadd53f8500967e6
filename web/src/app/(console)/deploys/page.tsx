import type { Metadata } from 'next';
import { DeploysPage } from '../../../features/deploy/deploys-page.js';

export const metadata: Metadata = { title: 'Deploys' };

export default function Page() {
  return <DeploysPage />;
}
