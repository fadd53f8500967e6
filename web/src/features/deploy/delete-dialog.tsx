'use client';

import { Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import type { Deploy } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { GuardedButton } from '../session/guarded-button.js';
import { WayOn } from './apply-dialog.js';
import { useDeleteDeploy } from './queries.js';
import { deleteWords as words, deployWords } from './words.js';

/** `blocked`: a rollout is open, and would lose its deploy. */
export function DeleteButton({ deploy, blocked }: { deploy: Deploy; blocked: boolean }) {
  const [opened, dialog] = useDisclosure(false);
  const [typed, setTyped] = useState('');
  const router = useRouter();
  const remove = useDeleteDeploy(deploy.deploy_id);
  return (
    <>
      <GuardedButton right="deploy.write" variant="default" leftSection={<Trash2 size={16} aria-hidden />} onClick={dialog.open} disabled={blocked} title={blocked ? deployWords.rolloutOpen : undefined}>{deployWords.delete}</GuardedButton>
      <ConfirmDialog
        opened={opened} onClose={dialog.close} title={words.title(deploy.name)} confirm={words.confirm} destructive
        onConfirm={() => remove.mutate(undefined, { onSuccess: () => router.replace('/deploys') })}
        busy={remove.isPending} disabled={typed !== deploy.name} error={remove.error} errorActions={<WayOn error={remove.error} />}
      >
        <Text size="sm">{words.effect} <b>{words.hostsStay}</b></Text>
        <TextInput label={words.type(deploy.name)} value={typed} autoComplete="off" onChange={(event) => setTyped(event.currentTarget.value)} />
      </ConfirmDialog>
    </>
  );
}
