'use client';

import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type SubmitEvent } from 'react';
import type { Grants, OneTimePassword, User } from '../../api/types.js';
import type { Role } from '../../api/words.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { formatExact } from '../../ui/format.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { ShownOnce } from '../../ui/shown-once.js';
import { uiWords } from '../../ui/words.js';
import { cleanGrants } from '../access/narrowing-fields.js';
import { useChangeUser, useCreateUser, useDeleteUser, useResetPassword } from './queries.js';
import { RoleFields } from './role-fields.js';
import { userWords as words } from './words.js';

interface DialogProps { opened: boolean; onClose: () => void }
interface UserDialogProps extends DialogProps { user: User; lastAdmin: boolean }

const frame = { size: 'lg', closeButtonProps: { 'aria-label': uiWords.close }, styles: { title: { fontWeight: 600 } } } as const;

function Password({ title, given, onClose }: { title: string; given: OneTimePassword; onClose: () => void }) {
  return (
    <Stack gap="md">
      <ShownOnce title={title} secret={given.password} copy={words.copyPassword}>{words.password} {formatExact(Date.parse(given.expires_at))} {words.passwordEnd}</ShownOnce>
      <Group justify="flex-end"><Button onClick={onClose}>{words.done}</Button></Group>
    </Stack>
  );
}

function AddForm({ onMade }: { onMade: (given: OneTimePassword) => void }) {
  const [username, setUsername] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const [grants, setGrants] = useState<Grants>({});
  const create = useCreateUser();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const narrowed = cleanGrants(grants);
    if (!create.isPending) create.mutate({ username, role, ...(role === 'admin' || Object.keys(narrowed).length === 0 ? {} : { grants: narrowed }) }, { onSuccess: onMade });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput label={words.username} name="new-username" autoComplete="off" autoCapitalize="none" spellCheck={false} data-autofocus required withAsterisk={false} maxLength={64} value={username} onChange={(event) => setUsername(event.currentTarget.value)} />
        <RoleFields role={role} grants={grants} onRole={setRole} onGrants={setGrants} />
        {create.error != null && <ProblemCard error={create.error} />}
        <Group justify="flex-end"><Button type="submit" loading={create.isPending}>{words.create}</Button></Group>
      </Stack>
    </form>
  );
}

/** The password is gone when it closes. */
export function AddUserDialog({ opened, onClose }: DialogProps) {
  const [given, setGiven] = useState<OneTimePassword | null>(null);
  const close = () => {
    setGiven(null);
    onClose();
  };
  return (
    <Modal {...frame} opened={opened} onClose={close} title={words.add} closeOnClickOutside={given === null}>
      {given === null ? <AddForm onMade={setGiven} /> : <Password title={words.made(given.user.username)} given={given} onClose={close} />}
    </Modal>
  );
}

export function ChangeUserDialog({ user, lastAdmin, opened, onClose }: UserDialogProps) {
  const [role, setRole] = useState<Role>(user.role);
  const [grants, setGrants] = useState<Grants>(user.grants);
  const change = useChangeUser(user.user_id);
  const save = () => change.mutate({ role, ...(role === 'admin' ? {} : { grants: cleanGrants(grants) }) }, { onSuccess: onClose });
  return (
    <ConfirmDialog opened={opened} onClose={onClose} title={words.changeTitle(user.username)} confirm={words.save} onConfirm={save} busy={change.isPending} error={change.error}>
      <RoleFields role={role} grants={grants} onRole={setRole} onGrants={setGrants} locked={lastAdmin ? words.lastAdmin : undefined} />
      <Text size="sm" c="dimmed">{words.saveEffect}</Text>
    </ConfirmDialog>
  );
}

export function ResetPasswordDialog({ user, opened, onClose }: Omit<UserDialogProps, 'lastAdmin'>) {
  const reset = useResetPassword(user.user_id);
  const close = () => {
    reset.reset();
    onClose();
  };
  if (reset.data) return <Modal {...frame} opened={opened} onClose={close} title={words.reset(user.username)} closeOnClickOutside={false}><Password title={words.reset(user.username)} given={reset.data} onClose={close} /></Modal>;
  return (
    <ConfirmDialog opened={opened} onClose={close} title={words.resetTitle(user.username)} confirm={words.resetConfirm} onConfirm={() => reset.mutate()} busy={reset.isPending} error={reset.error} destructive>
      <Text size="sm">{words.resetEffect}</Text>
    </ConfirmDialog>
  );
}

export function DisableUserDialog({ user, opened, onClose }: Omit<UserDialogProps, 'lastAdmin'>) {
  const change = useChangeUser(user.user_id);
  return (
    <ConfirmDialog opened={opened} onClose={onClose} title={words.disableTitle(user.username)} confirm={words.disableConfirm} onConfirm={() => change.mutate({ disabled: true }, { onSuccess: onClose })} busy={change.isPending} error={change.error} destructive>
      <Text size="sm">{words.disableEffect}</Text>
    </ConfirmDialog>
  );
}

export function DeleteUserDialog({ user, opened, onClose }: Omit<UserDialogProps, 'lastAdmin'>) {
  const [typed, setTyped] = useState('');
  const remove = useDeleteUser(user.user_id);
  return (
    <ConfirmDialog opened={opened} onClose={onClose} title={words.removeTitle(user.username)} confirm={words.removeConfirm} onConfirm={() => remove.mutate(undefined, { onSuccess: onClose })} busy={remove.isPending} disabled={typed !== user.username} error={remove.error} destructive>
      <Text size="sm">{words.removeEffect}</Text>
      <TextInput label={words.removeType(user.username)} value={typed} autoComplete="off" onChange={(event) => setTyped(event.currentTarget.value)} />
    </ConfirmDialog>
  );
}
