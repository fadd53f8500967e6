import type { Metadata } from 'next';
import { SecretsPage } from '../../../features/secret/secrets-page.js';

export const metadata: Metadata = { title: 'Secrets' };

export default function Page() {
  return <SecretsPage />;
}
