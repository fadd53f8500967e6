'use client';

import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { ComponentPropsWithoutRef } from 'react';
import type { Right } from '../../api/words.js';
import { useRight } from './me-context.js';
import { sessionWords } from './words.js';

type GuardedButtonProps = ButtonProps & Omit<ComponentPropsWithoutRef<'button'>, keyof ButtonProps> & { right: Right };

/** A button that says why it cannot be pressed by somebody who lacks the right. It stays reachable by keyboard. */
export function GuardedButton({ right, ...button }: GuardedButtonProps) {
  const allowed = useRight(right);
  if (allowed) return <Button {...button} />;
  return (
    <Tooltip label={sessionWords.lacksRight(right)} events={{ hover: true, focus: true, touch: true }}>
      <Button {...button} data-disabled aria-disabled onClick={(event) => event.preventDefault()} type="button" />
    </Tooltip>
  );
}
