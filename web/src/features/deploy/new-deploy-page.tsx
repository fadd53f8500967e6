'use client';

import { Button, Stack, Text, TextInput } from '@mantine/core';
import { Sparkles } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { BundleForm } from '../bundle/bundle-form.js';
import { exampleDocument } from '../bundle/example.js';
import { totalBytes, uploadBytesMax } from '../bundle/uploads.js';
import { useBundle } from '../bundle/use-bundle.js';
import { useValidation } from '../bundle/use-validation.js';
import { bundleWords } from '../bundle/words.js';
import { useNodes } from '../node/queries.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useCreateDeploy } from './queries.js';
import { deploysWords, newDeployWords as words } from './words.js';

/** The first node that can run it: online before offline, with Docker before without. */
function useExampleHost(): string | null {
  const nodes = useNodes().data?.items ?? [];
  const [best] = [...nodes].sort((a, b) => Number(b.online) - Number(a.online) || Number(b.facts.docker) - Number(a.facts.docker));
  return best?.name ?? null;
}

function ExampleButton({ onInsert }: { onInsert: (yaml: string) => void }) {
  const host = useExampleHost();
  const label = host === null ? bundleWords.noNode : bundleWords.exampleHost(host);
  return <Button variant="default" size="compact-sm" leftSection={<Sparkles size={14} aria-hidden />} title={label} onClick={() => onInsert(exampleDocument(host ?? 'web-01'))}>{bundleWords.example}</Button>;
}

export function NewDeployPage() {
  const router = useRouter();
  const bundle = useBundle('', false);
  const validation = useValidation(null, bundle.yaml, bundle.files);
  const [name, setName] = useState('');
  const create = useCreateDeploy();
  const files = bundle.files ?? [];
  const valid = validation.settled && validation.answer.data?.ok === true && !validation.empty;
  const ready = valid && totalBytes(files) <= uploadBytesMax;
  const submit = () => create.mutate({ name: name.trim(), yaml: bundle.yaml, files }, { onSuccess: ({ deploy_id: id }) => router.push(`/deploys/${id}?tab=diff`) });

  return (
    <>
      <PageHeader title={words.title} trail={[{ href: '/deploys', label: deploysWords.title }]}><Text size="sm" c="dimmed">{words.lead}</Text></PageHeader>
      <BundleForm bundle={bundle} validation={validation} kept={null} starts={<ExampleButton onInsert={bundle.load} />}>
        <Panel p="sm">
          <Stack gap="sm">
            <TextInput label={words.name} description={words.nameHint} value={name} onChange={(event) => setName(event.currentTarget.value)} />
            {create.error && <ProblemCard error={create.error} />}
            <GuardedButton right="deploy.write" disabled={!ready} loading={create.isPending} onClick={submit}>{words.create}</GuardedButton>
          </Stack>
        </Panel>
      </BundleForm>
    </>
  );
}
