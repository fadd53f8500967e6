'use client';

import { Anchor, Button, Group, List, Stack, Text } from '@mantine/core';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Problem } from '../../api/problem.js';
import type { Deploy } from '../../api/types.js';
import { Note } from '../../ui/note.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { useCreateDeploy, useSubmitVersion } from '../deploy/queries.js';
import { VersionDialog } from '../deploy/version-dialog.js';
import { GuardedButton } from '../session/guarded-button.js';
import type { FieldProblems } from './model/field-problems.js';
import { fieldSteps, type Field, type Step } from './model/steps.js';
import { useWizard } from './wizard-context.js';
import { fieldWords, reviewWords as words, stepWords } from './words.js';

export interface Submission { yaml: string; ready: boolean; onSaved: () => void }

/** What is still open, each with the way to its step. */
function Open({ problems, onStep }: { problems: FieldProblems; onStep: (step: Step) => void }) {
  const fields = Object.keys(fieldSteps).filter((field): field is Field => problems[field as Field] !== undefined);
  if (fields.length === 0) return null;
  return (
    <Note tone="warn" title={words.open}>
      <List size="sm">
        {fields.map((field) => (
          <List.Item key={field}>
            <b>{fieldWords[field].label}:</b> {problems[field]} <Anchor component="button" type="button" size="sm" onClick={() => onStep(fieldSteps[field])}>{words.goTo(stepWords[fieldSteps[field]].name)}</Anchor>
          </List.Item>
        ))}
      </List>
    </Note>
  );
}

function CreateButton({ yaml, ready, onSaved }: Submission) {
  const router = useRouter();
  const create = useCreateDeploy();
  const save = () => create.mutate({ name: '', yaml, files: [] }, { onSuccess: ({ deploy_id: id }) => { onSaved(); router.push(`/deploys/${id}?tab=diff`); } });
  return (
    <>
      {create.error && <ProblemCard error={create.error} />}
      <div><GuardedButton right="deploy.write" disabled={!ready} loading={create.isPending || create.isSuccess} onClick={save}>{words.create}</GuardedButton></div>
    </>
  );
}

interface SubmitProps extends Submission { deploy: Deploy; base: number; onRebase: () => void }

function SubmitButton({ yaml, ready, onSaved, deploy, base, onRebase }: SubmitProps) {
  const router = useRouter();
  const submit = useSubmitVersion(deploy.deploy_id);
  const [shown, setShown] = useState<number | null>(null);
  const latest = deploy.latest_version;
  const conflict = submit.error instanceof Problem && submit.error.code === 'conflict' && latest !== base;
  const save = () => submit.mutate({ yaml, files: null, expectedVersion: base }, { onSuccess: () => { onSaved(); router.push(`/deploys/${deploy.deploy_id}?tab=diff`); } });
  return (
    <>
      {conflict && (
        <Note tone="warn" title={words.conflictTitle} role="alert">
          <Text size="sm">{words.conflict(base, latest)}</Text>
          <Group gap="xs">
            <Button size="compact-sm" variant="default" onClick={() => setShown(latest)}>{words.conflictShow(latest)}</Button>
            <Button size="compact-sm" variant="default" onClick={() => { submit.reset(); onRebase(); }}>{words.conflictTake(latest)}</Button>
          </Group>
          <VersionDialog deployId={deploy.deploy_id} number={shown} onClose={() => setShown(null)} />
        </Note>
      )}
      {submit.error && !conflict && <ProblemCard error={submit.error} />}
      <div><GuardedButton right="deploy.write" disabled={!ready || conflict} loading={submit.isPending || submit.isSuccess} onClick={save}>{words.submit(base + 1)}</GuardedButton></div>
    </>
  );
}

interface ReviewStepProps extends Submission { open: FieldProblems; unchanged: boolean; onStep: (step: Step) => void; stored: { deploy: Deploy; base: number; onRebase: () => void } | null }

export function ReviewStep({ open, unchanged, onStep, stored, ...submission }: ReviewStepProps) {
  const { answers } = useWizard();
  return (
    <Stack gap="md">
      {answers.component !== '' && answers.hosts.length > 0 && <Text size="sm">{words.summary(answers.component, answers.hosts)}</Text>}
      <Open problems={open} onStep={onStep} />
      {unchanged && <Text size="sm">{words.unchanged}</Text>}
      <Text size="sm" c="dimmed">{words.next}</Text>
      {stored === null ? <CreateButton {...submission} /> : <SubmitButton {...submission} {...stored} />}
    </Stack>
  );
}
