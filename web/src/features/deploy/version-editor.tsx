'use client';

import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { Deploy, Version } from '../../api/types.js';
import { Problem } from '../../api/problem.js';
import { Note } from '../../ui/note.js';
import { Panel } from '../../ui/panel.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { BundleForm } from '../bundle/bundle-form.js';
import { totalBytes, uploadBytesMax } from '../bundle/uploads.js';
import { useBundle } from '../bundle/use-bundle.js';
import { useValidation } from '../bundle/use-validation.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useSubmitVersion } from './queries.js';
import { VersionDialog } from './version-dialog.js';
import { yamlWords as words } from './words.js';

const isConflict = (error: unknown): boolean => error instanceof Problem && error.code === 'conflict';

interface ConflictProps { deploy: Deploy; base: number; onTake: () => void }

/** Somebody was faster. What was written is still here; they decide after they have seen the other version. */
function Conflict({ deploy, base, onTake }: ConflictProps) {
  const [shown, setShown] = useState<number | null>(null);
  const latest = deploy.latest_version;
  return (
    <Note tone="warn" title={words.conflictTitle} role="alert">
      <Text size="sm">{words.conflict(base, latest)}</Text>
      <Group gap="xs">
        <Button size="compact-sm" variant="default" onClick={() => setShown(latest)}>{words.conflictShow(latest)}</Button>
        <Button size="compact-sm" variant="default" onClick={onTake}>{words.conflictTake(latest)}</Button>
      </Group>
      <VersionDialog deployId={deploy.deploy_id} number={shown} onClose={() => setShown(null)} />
    </Note>
  );
}

interface VersionEditorProps { deploy: Deploy; base: Version; discard: ReactNode; onClose: () => void }

export function VersionEditor({ deploy, base, discard, onClose }: VersionEditorProps) {
  const bundle = useBundle(base.yaml, true);
  const validation = useValidation(deploy.deploy_id, bundle.yaml, bundle.files);
  const submit = useSubmitVersion(deploy.deploy_id);
  const changed = bundle.yaml !== base.yaml || bundle.files !== null;
  const valid = validation.settled && validation.answer.data?.ok === true;
  const ready = changed && valid && totalBytes(bundle.files ?? []) <= uploadBytesMax;
  const send = (expectedVersion: number) => submit.mutate({ yaml: bundle.yaml, files: bundle.files, expectedVersion }, { onSuccess: onClose });
  const conflict = isConflict(submit.error);

  return (
    <Stack gap="sm">
      <Title order={2} size="h4">{words.editing(base.number)}</Title>
      <BundleForm bundle={bundle} validation={validation} kept={base.files.length}>
        <Panel p="sm">
          <Stack gap="sm">
            <Text size="sm" c="dimmed">{changed ? words.submits : words.unchanged}</Text>
            {conflict && <Conflict deploy={deploy} base={base.number} onTake={() => send(deploy.latest_version)} />}
            {submit.error && !conflict && <ProblemCard error={submit.error} />}
            <Group gap="sm">
              {!conflict && <GuardedButton right="deploy.write" disabled={!ready} loading={submit.isPending} onClick={() => send(base.number)}>{words.submit(base.number + 1)}</GuardedButton>}
              {discard}
            </Group>
          </Stack>
        </Panel>
      </BundleForm>
    </Stack>
  );
}
