'use client';

import { Button, Stack, Text } from '@mantine/core';
import { useRouter, useSearchParams } from 'next/navigation';
import { Suspense } from 'react';
import { Answer } from '../../ui/answer.js';
import { Empty } from '../../ui/empty.js';
import { PageHeader } from '../../ui/page-header.js';
import { RightGate } from '../access/right-gate.js';
import { AuditFilterForm } from './audit-filter.js';
import { AuditTable } from './audit-table.js';
import { filterPath, readFilter, type AuditFilter } from './filter.js';
import { useAudit } from './queries.js';
import { useVerifyPanel } from './verify-panel.js';
import { auditWords as words } from './words.js';

function Entries({ filter, onFilter }: { filter: AuditFilter; onFilter: (filter: AuditFilter) => void }) {
  const audit = useAudit(filter);
  const filtered = Object.keys(filter).length > 0;
  return (
    <Answer of={audit}>
      {({ pages }) => {
        const entries = pages.flatMap(({ items }) => items);
        if (entries.length === 0) {
          return filtered
            ? <Empty title={words.none.title} sentence={words.none.sentence} action={<Button variant="default" onClick={() => onFilter({})}>{words.none.action}</Button>} />
            : <Empty title={words.empty.title} sentence={words.empty.sentence} />;
        }
        return (
          <Stack gap="md">
            <AuditTable entries={entries} filter={filter} />
            {audit.hasNextPage && <div><Button variant="default" loading={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>{words.more}</Button></div>}
          </Stack>
        );
      }}
    </Answer>
  );
}

function AuditView() {
  const filter = readFilter(useSearchParams());
  const router = useRouter();
  const { button, found } = useVerifyPanel();
  const onFilter = (next: AuditFilter) => router.push(filterPath(next));
  return (
    <>
      <PageHeader title={words.title} beside={button}><Text c="dimmed" size="sm">{words.lead}</Text></PageHeader>
      <Stack gap="md">
        {found}
        <AuditFilterForm key={filterPath(filter)} filter={filter} onFilter={onFilter} />
        <Entries filter={filter} onFilter={onFilter} />
      </Stack>
    </>
  );
}

function Closed() {
  return <RightGate right="audit.read" title={words.title}><AuditView /></RightGate>;
}

export function AuditPage() {
  return <Suspense><Closed /></Suspense>;
}
