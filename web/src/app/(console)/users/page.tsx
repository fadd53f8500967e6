import type { Metadata } from 'next';
import { UsersPage } from '../../../features/user/users-page.js';

export const metadata: Metadata = { title: 'Users' };

export default function Page() {
  return <UsersPage />;
}
