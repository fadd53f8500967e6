'use client';

import { Anchor, Button, Code, Table, Text } from '@mantine/core';
import { Ban, CircleCheck, CircleX } from 'lucide-react';
import Link from 'next/link';
import { Fragment, useState } from 'react';
import type { AuditEntry } from '../../api/types.js';
import { Panel } from '../../ui/panel.js';
import { StateTag, type StateLook } from '../../ui/state-tag.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { filterPath, type AuditFilter } from './filter.js';
import { auditWords as words } from './words.js';

const looks: Record<string, StateLook> = { ok: { tone: 'good', icon: CircleCheck }, refused: { tone: 'warn', icon: Ban }, failed: { tone: 'bad', icon: CircleX } };

/** Where an id has a page of its own. */
function pageOf(target: string): string | null {
  const rooms = { dpl_: 'deploys', rol_: 'rollouts', nod_: 'nodes' };
  const found = Object.entries(rooms).find(([prefix]) => target.startsWith(prefix));
  return found ? `/${found[1]}/${encodeURIComponent(target)}` : null;
}

function Target({ target }: { target: string }) {
  const page = pageOf(target);
  if (page !== null) return <Anchor component={Link} href={page} size="sm" className="breakable">{target}</Anchor>;
  return <Text size="sm" className="breakable">{target}</Text>;
}

function EntryRow({ entry, filter }: { entry: AuditEntry; filter: AuditFilter }) {
  const [open, setOpen] = useState(false);
  const { actor, action, result } = entry;
  const kind = words.kinds[actor.kind] ?? actor.kind;
  return (
    <Fragment>
      <Table.Tr>
        <Table.Td><TimeAgo at={entry.ts} /></Table.Td>
        <Table.Td>
          <Anchor component={Link} href={filterPath({ ...filter, actor: actor.id })} size="sm" title={words.onlyActor(actor.name)} className="breakable">{actor.name}</Anchor>
          {kind !== '' && <Text span size="sm" c="dimmed"> ({kind})</Text>}
        </Table.Td>
        <Table.Td><Anchor component={Link} href={filterPath({ ...filter, action })} size="sm" title={words.onlyAction(action)}>{action}</Anchor></Table.Td>
        <Table.Td maw={260}><Target target={entry.target} /></Table.Td>
        <Table.Td><StateTag look={looks[result] ?? { tone: 'idle', icon: CircleCheck }} label={result} /></Table.Td>
        <Table.Td><Button size="compact-sm" variant="default" aria-expanded={open} aria-label={words.detailsOf(entry.id)} onClick={() => setOpen(!open)}>{words.details}</Button></Table.Td>
      </Table.Tr>
      {open && (
        <Table.Tr>
          <Table.Td colSpan={6}>
            <Text size="sm" c="dimmed" mb={4}>{words.entry(entry.id, entry.hash)}</Text>
            <Code block tabIndex={0}>{JSON.stringify(entry.details, null, 2)}</Code>
          </Table.Td>
        </Table.Tr>
      )}
    </Fragment>
  );
}

export function AuditTable({ entries, filter }: { entries: AuditEntry[]; filter: AuditFilter }) {
  const { columns } = words;
  return (
    <Panel p={0}>
      <Wide label={words.title} minWidth={820}>
        <Table verticalSpacing="xs" aria-label={words.title}>
          <Table.Thead>
            <Table.Tr><Table.Th>{columns.time}</Table.Th><Table.Th>{columns.actor}</Table.Th><Table.Th>{columns.action}</Table.Th><Table.Th>{columns.target}</Table.Th><Table.Th>{columns.result}</Table.Th><Table.Th>{columns.details}</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>{entries.map((entry) => <EntryRow key={entry.id} entry={entry} filter={filter} />)}</Table.Tbody>
        </Table>
      </Wide>
    </Panel>
  );
}
