import type { Metadata } from 'next';
import { KeysPage } from '../../../features/key/keys-page.js';

export const metadata: Metadata = { title: 'API keys' };

export default function Page() {
  return <KeysPage />;
}
