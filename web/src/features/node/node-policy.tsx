'use client';

import { Checkbox, Group, Stack, Text, Title, Button } from '@mantine/core';
import { useState } from 'react';
import type { NodeDetail } from '../../api/types.js';
import { isPermission, permissionMeanings, permissions } from '../../api/words.js';
import { Note } from '../../ui/note.js';
import { Panel } from '../../ui/panel.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useRight } from '../session/me-context.js';
import { sessionWords } from '../session/words.js';
import { detailWords } from './detail-words.js';
import { useAllow } from './queries.js';

const { policy: words } = detailWords;

/** Read by everybody, changed by those who let hosts in. As long as nothing is edited it shows what others change. */
export function NodePolicy({ node }: { node: NodeDetail }) {
  const [edited, setEdited] = useState<string[] | null>(null);
  const chosen: readonly string[] = edited ?? node.allow;
  const may = useRight('node.enroll');
  const allow = useAllow(node.node_id);
  const added = chosen.filter((one) => !node.allow.some((other) => other === one)).length;
  const removed = node.allow.filter((one) => !chosen.includes(one)).length;
  const dirty = added + removed > 0;
  const choose = (next: string[] | null) => {
    allow.reset();
    setEdited(next);
  };
  return (
    <section>
      <Title order={2} size="h4">{words.title}</Title>
      <Text size="sm" c="dimmed" mb="xs">{words.lead}</Text>
      <Panel>
        <Stack gap="md">
          <Checkbox.Group value={[...chosen]} onChange={choose} aria-label={words.title}>
            <Stack gap="sm">
              {permissions.map((one) => <Checkbox key={one} value={one} label={one} description={permissionMeanings[one].replaceAll('`', '')} disabled={!may} />)}
            </Stack>
          </Checkbox.Group>
          {!may && <Text size="sm">{sessionWords.lacksRight('node.enroll')}</Text>}
          {allow.error && <ProblemCard error={allow.error} />}
          {allow.isSuccess && !dirty && <Note tone="good" title={words.saved} role="status" />}
          {may && (
            <Group gap="sm">
              <GuardedButton right="node.enroll" disabled={!dirty} loading={allow.isPending} onClick={() => allow.mutate(chosen.filter(isPermission), { onSuccess: () => setEdited(null) })}>{words.save}</GuardedButton>
              {dirty && <Button variant="default" onClick={() => choose(null)}>{words.undo}</Button>}
              {dirty && <Text size="sm" role="status">{words.change(added, removed)}</Text>}
            </Group>
          )}
        </Stack>
      </Panel>
    </section>
  );
}
