'use client';

import { Button, Group, Loader, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useSearchParams } from 'next/navigation';
import { useState } from 'react';
import type { Deploy } from '../../api/types.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { DiffView } from '../diff/diff-view.js';
import { useDiff } from '../diff/queries.js';
import { diffWords } from '../diff/words.js';
import { useRight } from '../session/me-context.js';
import { sessionWords } from '../session/words.js';
import { ApplyButton } from './apply-dialog.js';
import { deploysWords } from './words.js';

/** Asks the hosts when told to, and when the tab is opened; what was asked stays as it was read. */
export function DiffTab({ deploy }: { deploy: Deploy }) {
  const named = Number(useSearchParams().get('version'));
  const known = deploy.versions.some(({ number }) => number === named);
  const [version, setVersion] = useState(known ? named : deploy.latest_version);
  const [ask, setAsk] = useState(0);
  const may = useRight('deploy.write');
  const diff = useDiff(deploy.deploy_id, version, `tab-${ask}`, may);
  return (
    <Stack gap="md">
      <Group align="flex-end" gap="sm">
        <NativeSelect label={diffWords.choose} value={String(version)} data={deploy.versions.map(({ number }) => ({ value: String(number), label: deploysWords.version(number) }))} onChange={(event) => setVersion(Number(event.currentTarget.value))} />
        <Button variant="default" loading={diff.isFetching} disabled={!may} onClick={() => setAsk(ask + 1)}>{diffWords.ask}</Button>
        {diff.data && version !== deploy.latest_version && <ApplyButton deploy={deploy} version={version} />}
      </Group>
      <Text size="sm" c="dimmed">{may ? diffWords.lead : sessionWords.lacksRight('deploy.write')}</Text>
      {diff.isFetching && <Group gap="xs" role="status"><Loader size={16} aria-hidden /><Text size="sm">{diffWords.asking}</Text></Group>}
      {diff.error && !diff.isFetching && <ProblemCard error={diff.error} onRetry={() => void diff.refetch()} />}
      {diff.data && <Title order={2} size="h4">{diffWords.version(version)}</Title>}
      {diff.data && <DiffView plan={diff.data} />}
    </Stack>
  );
}
