'use client';

import { Button, Group, Modal, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { ProblemCard } from './problem-card.js';
import { uiWords } from './words.js';

interface ConfirmDialogProps {
  opened: boolean;
  title: string;
  children: ReactNode;
  confirm: string;
  onConfirm: () => void;
  onClose: () => void;
  busy?: boolean;
  /** Set while the act may not be done yet (nothing typed, nothing known). */
  disabled?: boolean;
  destructive?: boolean;
  error?: unknown;
  /** Next steps beside the error, such as a link to what is in the way. */
  errorActions?: ReactNode;
  size?: string;
}

/** Says what will happen and asks; the safe button has the focus. */
export function ConfirmDialog({ opened, title, children, confirm, onConfirm, onClose, busy = false, disabled = false, destructive = false, error, errorActions, size = 'lg' }: ConfirmDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': uiWords.close }} styles={{ title: { fontWeight: 600 } }}>
      <Stack gap="md">
        {children}
        {error != null && <ProblemCard error={error}>{errorActions}</ProblemCard>}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-autofocus>{uiWords.cancel}</Button>
          <Button color={destructive ? 'red.9' : undefined} onClick={onConfirm} loading={busy} disabled={disabled}>{confirm}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
