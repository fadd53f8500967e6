import { Box, Center, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Panel } from '../../ui/panel.js';
import { Logo } from '../shell/logo.js';

/** One card in the middle of the page, for those who are not in yet. */
export function SessionCard({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <Center component="main" mih="100vh" p="md">
      <Box w="100%" maw={400}>
        <Group mb="md" justify="center"><Logo /></Group>
        <Panel p="lg">
          <Stack gap="md">
            <Title order={1} size="h3">{title}</Title>
            {lead && <Text size="sm">{lead}</Text>}
            {children}
          </Stack>
        </Panel>
      </Box>
    </Center>
  );
}
