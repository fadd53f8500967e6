import { Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Panel } from './panel.js';

interface EmptyProps { title: string; /** 1 where it is all there is on the page. */ order?: 1 | 2; sentence: string; action?: ReactNode; children?: ReactNode }

/** Nothing here yet: what it will be, one main thing to do, and an example below. */
export function Empty({ title, order = 2, sentence, action, children }: EmptyProps) {
  return (
    <Panel p="xl">
      <Stack gap="sm">
        <Title order={order} size="h4">{title}</Title>
        <Text>{sentence}</Text>
        {action && <Group>{action}</Group>}
        {children}
      </Stack>
    </Panel>
  );
}
