'use client';

import { Button, Code, Group, Stack, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { client, deadline, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import type { Secret } from '../../api/types.js';
import { Answer } from '../../ui/answer.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Empty } from '../../ui/empty.js';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { RightGate } from '../access/right-gate.js';
import { secretWords as words } from './words.js';

const useSecrets = () => useInfiniteQuery({
  queryKey: keys.secrets,
  queryFn: ({ signal, pageParam }) => unwrap(client.GET('/api/secrets', { params: { query: pageParam === null ? {} : { cursor: pageParam } }, signal: deadline(signal) })),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor: next }) => next,
});

function Command() {
  const command = words.command(window.location.origin);
  return (
    <Stack gap="xs">
      <Code block tabIndex={0} style={{ whiteSpace: 'pre-wrap' }} className="breakable">{command}</Code>
      <Group><CopyButton text={command} label={words.copy} /></Group>
    </Stack>
  );
}

function SecretRow({ secret: { path, latest, versions } }: { secret: Secret }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600} className="breakable">{path}</Table.Th>
      <Table.Td>{words.version(latest)}</Table.Td>
      <Table.Td><TimeAgo at={versions[0]?.created_at ?? null} /></Table.Td>
      <Table.Td>
        <Disclosure summary={<Text span size="sm">{words.versions(versions.length)}</Text>}>
          {versions.map(({ version, created_at: at }) => <Text key={version} size="sm">{words.version(version)}, <TimeAgo at={at} /></Text>)}
        </Disclosure>
      </Table.Td>
    </Table.Tr>
  );
}

function SecretsView() {
  const secrets = useSecrets();
  const all = secrets.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <PageHeader title={words.title}><Text c="dimmed" size="sm">{words.lead}</Text></PageHeader>
      <Answer of={secrets}>
        {() => (all.length === 0 ? <Empty title={words.empty.title} sentence={words.empty.sentence}><Command /></Empty> : (
          <Stack gap="md">
            <Panel p={0}>
              <Wide label={words.title} minWidth={560}>
                <Table verticalSpacing="sm" aria-label={words.title}>
                  <Table.Thead><Table.Tr>{Object.values(words.columns).map((column) => <Table.Th key={column}>{column}</Table.Th>)}</Table.Tr></Table.Thead>
                  <Table.Tbody>{all.map((secret) => <SecretRow key={secret.path} secret={secret} />)}</Table.Tbody>
                </Table>
              </Wide>
            </Panel>
            {secrets.hasNextPage && <div><Button variant="default" loading={secrets.isFetchingNextPage} onClick={() => void secrets.fetchNextPage()}>{words.more}</Button></div>}
            <Disclosure summary={<Text span size="sm">{words.setOne}</Text>}><Command /></Disclosure>
          </Stack>
        ))}
      </Answer>
    </>
  );
}

export function SecretsPage() {
  return <RightGate right="secret.read_names" title={words.title}><SecretsView /></RightGate>;
}
