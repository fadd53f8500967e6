'use client';

import { List, Stack, Text, Title } from '@mantine/core';
import type { Version } from '../../api/types.js';
import { formatBytes } from '../../ui/format.js';
import { Panel } from '../../ui/panel.js';
import { LazyEditor } from '../bundle/lazy-editor.js';
import { yamlWords as words } from './words.js';

/** One version to read. */
export function VersionReader({ version }: { version: Version }) {
  return (
    <Stack gap="sm">
      <LazyEditor key={version.number} text={version.yaml} label={words.read(version.number)} minHeight="8rem" />
      {version.files.length > 0 && (
        <Panel p="sm">
          <Title order={3} size="h5">{words.files}</Title>
          <List size="sm">{version.files.map(({ path, size }) => <List.Item key={path} className="breakable">{path} <Text span size="sm" c="dimmed">{formatBytes(size)}</Text></List.Item>)}</List>
        </Panel>
      )}
    </Stack>
  );
}
