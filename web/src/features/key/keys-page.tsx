'use client';

import { Button, Code, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { CalendarX, Plus } from 'lucide-react';
import { useState } from 'react';
import type { ApiKey } from '../../api/types.js';
import { Answer } from '../../ui/answer.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Empty } from '../../ui/empty.js';
import { formatExact } from '../../ui/format.js';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { StateTag } from '../../ui/state-tag.js';
import { TimeAgo } from '../../ui/time.js';
import { useNow } from '../../ui/use-now.js';
import { Wide } from '../../ui/wide.js';
import { MakeKeyDialog } from './make-key-dialog.js';
import { useKeys, useRevokeKey } from './queries.js';
import { keyWords as words } from './words.js';

const lookEveryMs = 60_000;

function Expiry({ at }: { at: string | null }) {
  const now = useNow(lookEveryMs);
  if (at === null) return <>{words.never}</>;
  return Date.parse(at) <= now ? <StateTag look={{ tone: 'warn', icon: CalendarX }} label={words.expired} /> : <time dateTime={at}>{formatExact(Date.parse(at))}</time>;
}

function KeyRow({ apiKey: key, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const limits = words.limits(key.limits);
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600} miw={110} className="breakable">{key.name}<Text size="xs" c="dimmed" fw={400}><Code>{key.prefix}…</Code></Text></Table.Th>
      <Table.Td className="breakable">{key.owner}</Table.Td>
      <Table.Td><Disclosure summary={<Text span size="sm">{words.rights(key.rights.length)}</Text>}>{key.rights.map((right) => <Text key={right} size="sm">{right}</Text>)}</Disclosure></Table.Td>
      <Table.Td>{limits.length === 0 ? <Text size="sm" c="dimmed">{words.none}</Text> : limits.map((limit) => <Text key={limit} size="sm">{limit}</Text>)}</Table.Td>
      <Table.Td><Text size="sm" component="div"><Expiry at={key.expires_at} /></Text></Table.Td>
      <Table.Td>{key.last_used_at === null ? <Text size="sm" c="dimmed">{words.notUsed}</Text> : <TimeAgo at={key.last_used_at} />}</Table.Td>
      <Table.Td><Button size="compact-sm" variant="default" aria-label={words.revokeOf(key.name)} onClick={onRevoke}>{words.revoke}</Button></Table.Td>
    </Table.Tr>
  );
}

function KeysTable({ apiKeys }: { apiKeys: ApiKey[] }) {
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const revoke = useRevokeKey();
  const { columns } = words;
  const close = () => setRevoking(null);
  return (
    <Panel p={0}>
      <Wide label={words.title} minWidth={940}>
        <Table verticalSpacing="sm" aria-label={words.title}>
          <Table.Thead><Table.Tr>{Object.values(columns).map((column) => <Table.Th key={column}>{column}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>{apiKeys.map((key) => <KeyRow key={key.key_id} apiKey={key} onRevoke={() => setRevoking(key)} />)}</Table.Tbody>
        </Table>
      </Wide>
      <ConfirmDialog
        opened={revoking !== null} onClose={close} title={words.revokeTitle(revoking?.name ?? '')} confirm={words.revokeConfirm} destructive
        onConfirm={() => { if (revoking) revoke.mutate(revoking.key_id, { onSuccess: close }); }} busy={revoke.isPending} error={revoke.error}
      >
        <Text size="sm">{words.revokeEffect}</Text>
      </ConfirmDialog>
    </Panel>
  );
}

export function KeysPage() {
  const apiKeys = useKeys();
  const [making, dialog] = useDisclosure(false);
  const all = apiKeys.data?.pages.flatMap(({ items }) => items) ?? [];
  const make = <Button leftSection={<Plus size={16} aria-hidden />} onClick={dialog.open}>{words.make}</Button>;
  return (
    <>
      <PageHeader title={words.title} beside={all.length > 0 ? make : undefined}><Text c="dimmed" size="sm">{words.lead}</Text></PageHeader>
      <Answer of={apiKeys}>
        {() => (all.length === 0 ? <Empty title={words.empty.title} sentence={words.empty.sentence} action={make} /> : (
          <Stack gap="md">
            <KeysTable apiKeys={all} />
            {apiKeys.hasNextPage && <div><Button variant="default" loading={apiKeys.isFetchingNextPage} onClick={() => void apiKeys.fetchNextPage()}>{words.more}</Button></div>}
          </Stack>
        ))}
      </Answer>
      <MakeKeyDialog opened={making} onClose={dialog.close} />
    </>
  );
}
