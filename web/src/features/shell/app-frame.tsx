'use client';

import { AppShell, Burger, Container, Group, NavLink, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Boxes, KeyRound, LockKeyhole, ScrollText, Server, Users, WandSparkles, type LucideIcon } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useEffect, type ReactNode } from 'react';
import type { Right } from '../../api/words.js';
import { useSignedIn } from '../session/me-context.js';
import { LiveBadge } from './live-badge.js';
import { Logo } from './logo.js';
import { SchemeToggle } from './scheme-toggle.js';
import { UserMenu } from './user-menu.js';
import { shellWords } from './words.js';

const places: readonly { href: string; label: string; icon: LucideIcon; owns: readonly string[]; /** Not shown without it. */ right?: Right }[] = [
  { href: '/deploys', label: shellWords.nav.deploys, icon: Boxes, owns: ['/deploys', '/rollouts'] },
  { href: '/wizard', label: shellWords.nav.wizard, icon: WandSparkles, owns: ['/wizard'] },
  { href: '/nodes', label: shellWords.nav.nodes, icon: Server, owns: ['/nodes'] },
  { href: '/audit', label: shellWords.nav.audit, icon: ScrollText, owns: ['/audit'], right: 'audit.read' },
  { href: '/secrets', label: shellWords.nav.secrets, icon: LockKeyhole, owns: ['/secrets'], right: 'secret.read_names' },
  { href: '/keys', label: shellWords.nav.keys, icon: KeyRound, owns: ['/keys'] },
  { href: '/users', label: shellWords.nav.users, icon: Users, owns: ['/users'], right: 'user.manage' },
];

function Places() {
  const path = usePathname();
  const rights = useSignedIn()?.rights ?? [];
  return places.filter(({ right }) => right === undefined || rights.includes(right)).map(({ href, label, icon: Icon, owns }) => {
    const here = owns.some((prefix) => path.startsWith(prefix));
    return <NavLink key={href} component={Link} href={href} label={label} leftSection={<Icon size={18} aria-hidden />} active={here} aria-current={here ? 'page' : undefined} />;
  });
}

export function AppFrame({ children }: { children: ReactNode }) {
  const [open, { toggle, close }] = useDisclosure(false);
  const path = usePathname();
  useEffect(close, [path, close]);
  return (
    <>
      <a className="skip-link" href="#content">{shellWords.skip}</a>
      <AppShell header={{ height: 56 }} navbar={{ width: 210, breakpoint: 'sm', collapsed: { mobile: !open } }} padding="md">
        <AppShell.Header bg="var(--panel-bg)">
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={shellWords.menu} aria-expanded={open} />
              <UnstyledButton component={Link} href="/deploys" visibleFrom="xs"><Logo /></UnstyledButton>
            </Group>
            <Group gap="sm" wrap="nowrap">
              <LiveBadge />
              <SchemeToggle />
              <UserMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" bg="var(--panel-bg)" aria-label={shellWords.mainNavigation}><Places /></AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}><Container size="xl" px={0}>{children}</Container></AppShell.Main>
      </AppShell>
    </>
  );
}
