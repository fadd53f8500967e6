'use client';

import { List, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import type { Node } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useRevokeNode } from './queries.js';
import { nodeWords } from './words.js';

interface RevokeNodeButtonProps { node: Pick<Node, 'node_id' | 'name'>; label?: string; compact?: boolean; onRevoked?: () => void }

/** Cut off at once, and its name has to be typed first: what it was allowed is forgotten with it. */
export function RevokeNodeButton({ node: { node_id: id, name }, label = nodeWords.revoke.open, compact = false, onRevoked }: RevokeNodeButtonProps) {
  const words = nodeWords.revoke;
  const [opened, dialog] = useDisclosure(false);
  const [typed, setTyped] = useState('');
  const revoke = useRevokeNode(id);
  const done = () => {
    dialog.close();
    onRevoked?.();
  };
  return (
    <>
      <GuardedButton right="node.revoke" variant="default" size={compact ? 'compact-sm' : 'sm'} onClick={dialog.open} aria-label={compact ? words.openOf(name) : undefined}>{label}</GuardedButton>
      <ConfirmDialog
        opened={opened} onClose={dialog.close} title={words.title(name)} confirm={words.confirm} destructive
        onConfirm={() => revoke.mutate(undefined, { onSuccess: done })} busy={revoke.isPending} disabled={typed !== name} error={revoke.error}
      >
        <List size="sm" spacing={4}>{words.effects.map((effect) => <List.Item key={effect}>{effect}</List.Item>)}</List>
        <Text size="sm">{words.stays}</Text>
        <TextInput label={words.type(name)} value={typed} autoComplete="off" onChange={(event) => setTyped(event.currentTarget.value)} />
      </ConfirmDialog>
    </>
  );
}
