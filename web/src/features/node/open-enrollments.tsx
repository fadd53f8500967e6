'use client';

import { Button, Group, Table, Text, Title } from '@mantine/core';
import { useState } from 'react';
import type { Enrollment } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Panel } from '../../ui/panel.js';
import { useNow } from '../../ui/use-now.js';
import { Wide } from '../../ui/wide.js';
import { useRight } from '../session/me-context.js';
import { TimeLeft } from './enroll-command.js';
import { enrollWords } from './enroll-words.js';
import { useEnrollments, useRevokeEnrollment } from './queries.js';

const { pending: words } = enrollWords;

function Ending({ enrollment, onClose }: { enrollment: Enrollment | null; onClose: () => void }) {
  const end = useRevokeEnrollment();
  return (
    <ConfirmDialog
      opened={enrollment !== null} onClose={onClose} title={words.endTitle(enrollment?.host ?? '')} confirm={words.endConfirm} destructive
      onConfirm={() => { if (enrollment) end.mutate(enrollment.enrollment_id, { onSuccess: onClose }); }} busy={end.isPending} error={end.error}
    >
      <Text size="sm">{words.endEffect}</Text>
    </ConfirmDialog>
  );
}

const lookEveryMs = 5_000;

/** Commands somewhere on their way; only for those who make them. */
export function OpenEnrollments({ onWatch }: { onWatch: (id: string) => void }) {
  const enrollments = useEnrollments(useRight('node.enroll'));
  const now = useNow(lookEveryMs);
  const [ending, setEnding] = useState<Enrollment | null>(null);
  const open = (enrollments.data?.items ?? []).filter(({ state, expires_at: until }) => state === 'open' && Date.parse(until) > now);
  const { columns } = words;
  return (
    <>
      {open.length > 0 && (
        <section>
          <Title order={2} size="h4" mb="xs">{words.title}</Title>
          <Panel p={0}>
            <Wide label={words.title} minWidth={620}>
              <Table verticalSpacing="xs" aria-label={words.title}>
                <Table.Thead><Table.Tr><Table.Th>{columns.host}</Table.Th><Table.Th>{columns.uses}</Table.Th><Table.Th>{columns.by}</Table.Th><Table.Th>{columns.expires}</Table.Th><Table.Th>{columns.acts}</Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>
                  {open.map((one) => (
                    <Table.Tr key={one.enrollment_id}>
                      <Table.Th scope="row" fw={600} className="breakable">{one.host}</Table.Th>
                      <Table.Td>{words.uses(one.uses, one.uses_max)}</Table.Td>
                      <Table.Td className="breakable">{one.created_by}</Table.Td>
                      <Table.Td><TimeLeft until={one.expires_at} /></Table.Td>
                      <Table.Td>
                        <Group gap="xs" wrap="nowrap">
                          <Button size="compact-sm" variant="default" aria-label={words.watchOf(one.host)} onClick={() => onWatch(one.enrollment_id)}>{words.watch}</Button>
                          <Button size="compact-sm" variant="default" aria-label={words.endOf(one.host)} onClick={() => setEnding(one)}>{words.end}</Button>
                        </Group>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Wide>
          </Panel>
        </section>
      )}
      <Ending enrollment={ending} onClose={() => setEnding(null)} />
    </>
  );
}
