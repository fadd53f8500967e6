'use client';

import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { ComponentPropsWithoutRef } from 'react';

type ReasonedButtonProps = ButtonProps & Omit<ComponentPropsWithoutRef<'button'>, keyof ButtonProps> & { /** Why it cannot be pressed; undefined: it can. */ blocked?: string | undefined };

/** A button that says why it cannot be pressed, and stays reachable by keyboard so that everybody can hear it. */
export function ReasonedButton({ blocked, ...button }: ReasonedButtonProps) {
  if (blocked === undefined) return <Button {...button} />;
  return (
    <Tooltip label={blocked} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
      <Button {...button} data-disabled aria-disabled onClick={(event) => event.preventDefault()} type="button" />
    </Tooltip>
  );
}
