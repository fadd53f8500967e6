'use client';

import { Checkbox, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import type { Grants } from '../../api/types.js';
import { useDeploys } from '../deploy/queries.js';
import { accessWords as words } from './words.js';

interface NarrowingFieldsProps { value: Grants; onChange: (value: Grants) => void }

const listOf = (text: string): string[] => [...new Set(text.split(',').map((tag) => tag.trim()).filter((tag) => tag !== ''))];

function DeployChoice({ chosen, onChange }: { chosen: string[]; onChange: (deploys: string[]) => void }) {
  const deploys = useDeploys();
  const known = deploys.data?.pages.flatMap(({ items }) => items) ?? [];
  if (deploys.data && known.length === 0) return <Text size="sm" c="dimmed">{words.deploysNone}</Text>;
  return (
    <ScrollArea.Autosize mah={180} ml="xl">
      <Checkbox.Group value={chosen} onChange={onChange} aria-label={words.deploys}>
        <Stack gap={6}>{known.map(({ deploy_id: id, name }) => <Checkbox key={id} value={id} label={name} />)}</Stack>
      </Checkbox.Group>
    </ScrollArea.Autosize>
  );
}

/** What narrows a role or a key: some deploys, some hosts, both, or nothing. */
export function NarrowingFields({ value, onChange }: NarrowingFieldsProps) {
  const { deploys, host_tags: tags } = value;
  return (
    <Stack gap="sm">
      <Checkbox label={words.deploys} description={words.deploysHint} checked={deploys !== undefined} onChange={(event) => onChange({ ...value, deploys: event.currentTarget.checked ? [] : undefined })} />
      {deploys !== undefined && <DeployChoice chosen={deploys} onChange={(next) => onChange({ ...value, deploys: next })} />}
      <Checkbox label={words.tags} description={words.tagsHint} checked={tags !== undefined} onChange={(event) => onChange({ ...value, host_tags: event.currentTarget.checked ? [] : undefined })} />
      {tags !== undefined && <TextInput ml="xl" aria-label={words.tags} placeholder="staging, eu" autoComplete="off" defaultValue={tags.join(', ')} description={tags.length === 0 ? words.tagsEmpty : undefined} onChange={(event) => onChange({ ...value, host_tags: listOf(event.currentTarget.value) })} />}
    </Stack>
  );
}

/** Without the parts that are switched off, which would not be the same as not being there. */
export const cleanGrants = ({ deploys, host_tags: tags }: Grants): Grants => ({ ...(deploys === undefined ? {} : { deploys }), ...(tags === undefined ? {} : { host_tags: tags }) });
