'use client';

import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import Link from 'next/link';
import type { ReactNode } from 'react';

interface PageHeaderProps {
  title: string;
  /** What the window is called, without the product's name; the title when not given. */
  windowTitle?: string;
  trail?: { href: string; label: string }[];
  beside?: ReactNode;
  children?: ReactNode;
}

export function PageHeader({ title, windowTitle = title, trail = [], beside, children }: PageHeaderProps) {
  useDocumentTitle(`${windowTitle} · Maestro`);
  return (
    <Stack gap={6} mb="lg">
      {trail.length > 0 && (
        <nav aria-label="Breadcrumb">
          <Breadcrumbs separatorMargin={6}>
            {trail.map(({ href, label }) => <Anchor key={href} component={Link} href={href} size="sm">{label}</Anchor>)}
            <Text size="sm" c="dimmed" aria-current="page">{title}</Text>
          </Breadcrumbs>
        </nav>
      )}
      <Group justify="space-between" align="center" gap="md">
        <Title order={1} size="h2" className="breakable">{title}</Title>
        {beside}
      </Group>
      {children}
    </Stack>
  );
}
