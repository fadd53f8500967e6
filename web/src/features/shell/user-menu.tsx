'use client';

import { Button, Menu } from '@mantine/core';
import { CircleUserRound, LogOut } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useSignedIn } from '../session/me-context.js';
import { useLogout } from '../session/queries.js';
import { sessionWords } from '../session/words.js';
import { shellWords } from './words.js';

export function UserMenu() {
  const me = useSignedIn();
  const logout = useLogout();
  const router = useRouter();
  const name = me?.name ?? '';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" px="sm" leftSection={<CircleUserRound size={18} aria-hidden />} aria-label={`${shellWords.account}: ${name}`}>{name}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{sessionWords.signedInAs(name)}</Menu.Label>
        <Menu.Item leftSection={<LogOut size={16} aria-hidden />} onClick={() => logout.mutate(undefined, { onSuccess: () => router.replace('/login') })}>
          {sessionWords.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
