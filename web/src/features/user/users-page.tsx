'use client';

import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { CircleCheck, CircleSlash, KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import type { User } from '../../api/types.js';
import { Answer } from '../../ui/answer.js';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { ReasonedButton } from '../../ui/reasoned-button.js';
import { StateTag } from '../../ui/state-tag.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { RightGate } from '../access/right-gate.js';
import { accessWords } from '../access/words.js';
import { useSignedIn } from '../session/me-context.js';
import { useChangeUser, useUsers } from './queries.js';
import { AddUserDialog, ChangeUserDialog, DeleteUserDialog, DisableUserDialog, ResetPasswordDialog } from './user-dialogs.js';
import { userWords as words } from './words.js';

function UserTag({ user }: { user: User }) {
  if (user.disabled) return <StateTag look={{ tone: 'idle', icon: CircleSlash }} label={words.disabled} />;
  if (user.must_change_password) return <StateTag look={{ tone: 'warn', icon: KeyRound }} label={words.mustChange} />;
  return <StateTag look={{ tone: 'good', icon: CircleCheck }} label={words.active} />;
}

type Asked = 'change' | 'reset' | 'disable' | 'remove' | null;

/** What the last administrator cannot be asked says why. */
function UserActs({ user, lastAdmin }: { user: User; lastAdmin: boolean }) {
  const [asked, ask] = useState<Asked>(null);
  const enable = useChangeUser(user.user_id);
  const close = () => ask(null);
  const { username: name } = user;
  const blocked = lastAdmin ? words.lastAdmin : undefined;
  const small = { size: 'compact-sm', variant: 'default' } as const;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Button {...small} aria-label={words.changeOf(name)} onClick={() => ask('change')}>{words.change}</Button>
        <Button {...small} aria-label={words.resetOf(name)} onClick={() => ask('reset')}>{words.resetOpen}</Button>
        {user.disabled
          ? <Button {...small} aria-label={words.enableOf(name)} loading={enable.isPending} onClick={() => enable.mutate({ disabled: false })}>{words.enable}</Button>
          : <ReasonedButton {...small} blocked={blocked} aria-label={words.disableOf(name)} onClick={() => ask('disable')}>{words.disable}</ReasonedButton>}
        <ReasonedButton {...small} blocked={blocked} aria-label={words.removeOf(name)} onClick={() => ask('remove')}>{words.remove}</ReasonedButton>
      </Group>
      {enable.error && <ProblemCard error={enable.error} />}
      <ChangeUserDialog key={`${user.role}${JSON.stringify(user.grants)}${String(asked === 'change')}`} user={user} lastAdmin={lastAdmin} opened={asked === 'change'} onClose={close} />
      <ResetPasswordDialog user={user} opened={asked === 'reset'} onClose={close} />
      <DisableUserDialog user={user} opened={asked === 'disable'} onClose={close} />
      <DeleteUserDialog user={user} opened={asked === 'remove'} onClose={close} />
    </Stack>
  );
}

function UserRow({ user, mine, lastAdmin }: { user: User; mine: boolean; lastAdmin: boolean }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600} miw={110} className="breakable">{user.username}{mine && <Text span size="sm" c="dimmed"> {words.you}</Text>}</Table.Th>
      <Table.Td>{words.roles[user.role]}</Table.Td>
      <Table.Td>{accessWords.summary(user.grants)}</Table.Td>
      <Table.Td><UserTag user={user} /></Table.Td>
      <Table.Td><TimeAgo at={user.created_at} /></Table.Td>
      <Table.Td><UserActs user={user} lastAdmin={lastAdmin} /></Table.Td>
    </Table.Tr>
  );
}

/** `whole`: there are no others, so that it is known who the last administrator is. The server refuses in any case. */
function UsersTable({ users, whole }: { users: User[]; whole: boolean }) {
  const me = useSignedIn();
  const admins = users.filter(({ role, disabled }) => role === 'admin' && !disabled);
  const { columns } = words;
  return (
    <Panel p={0}>
      <Wide label={words.title} minWidth={980}>
        <Table verticalSpacing="sm" aria-label={words.title}>
          <Table.Thead><Table.Tr><Table.Th>{columns.name}</Table.Th><Table.Th>{columns.role}</Table.Th><Table.Th>{columns.sees}</Table.Th><Table.Th>{columns.state}</Table.Th><Table.Th>{columns.since}</Table.Th><Table.Th>{columns.acts}</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{users.map((user) => <UserRow key={user.user_id} user={user} mine={user.user_id === me?.id} lastAdmin={whole && admins.length === 1 && admins[0]?.user_id === user.user_id} />)}</Table.Tbody>
        </Table>
      </Wide>
    </Panel>
  );
}

function UsersView() {
  const users = useUsers();
  const [adding, dialog] = useDisclosure(false);
  return (
    <>
      <PageHeader title={words.title} beside={<Button leftSection={<Plus size={16} aria-hidden />} onClick={dialog.open}>{words.add}</Button>}><Text c="dimmed" size="sm">{words.lead}</Text></PageHeader>
      <Stack gap="md">
        <Answer of={users}>{({ items }) => <UsersTable users={items} whole={!users.hasNextPage} />}</Answer>
        {users.hasNextPage && <div><Button variant="default" loading={users.isFetchingNextPage} onClick={() => void users.fetchNextPage()}>{words.more}</Button></div>}
      </Stack>
      <AddUserDialog opened={adding} onClose={dialog.close} />
    </>
  );
}

export function UsersPage() {
  return <RightGate right="user.manage" title={words.title}><UsersView /></RightGate>;
}
