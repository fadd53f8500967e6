'use client';

import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { Plus } from 'lucide-react';
import Link from 'next/link';
import { Answer } from '../../ui/answer.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Empty } from '../../ui/empty.js';
import { PageHeader } from '../../ui/page-header.js';
import { NewByWizard } from '../wizard/wizard-link.js';
import { exampleDocument } from '../bundle/example.js';
import { DeploysTable } from './deploys-table.js';
import { useDeploys } from './queries.js';
import { deploysWords } from './words.js';

const recipe = exampleDocument('web-01');

const NewDeployButton = () => <Button component={Link} href="/deploys/new" leftSection={<Plus size={16} aria-hidden />}>{deploysWords.create}</Button>;

function NoDeploys() {
  const { title, sentence, recipe: lead, copy } = deploysWords.empty;
  return (
    <Empty title={title} sentence={sentence} action={<><NewDeployButton /><NewByWizard /></>}>
      <Stack gap="xs" mt="md">
        <Text size="sm">{lead}</Text>
        <div><CopyButton text={recipe} label={copy} /></div>
        <Code block tabIndex={0}>{recipe}</Code>
      </Stack>
    </Empty>
  );
}

export function DeploysPage() {
  const deploys = useDeploys();
  const some = deploys.data?.pages.some(({ items }) => items.length > 0) ?? false;
  return (
    <>
      <PageHeader title={deploysWords.title} beside={some ? <Group gap="xs"><NewByWizard /><NewDeployButton /></Group> : undefined} />
      <Answer of={deploys}>
        {({ pages }) => (some ? (
          <Stack gap="md">
            <DeploysTable deploys={pages.flatMap(({ items }) => items)} />
            {deploys.hasNextPage && <div><Button variant="default" loading={deploys.isFetchingNextPage} onClick={() => void deploys.fetchNextPage()}>{deploysWords.more}</Button></div>}
          </Stack>
        ) : <NoDeploys />)}
      </Answer>
    </>
  );
}
