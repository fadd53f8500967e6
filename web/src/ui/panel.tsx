import { Paper, type PaperProps } from '@mantine/core';
import type { ReactNode } from 'react';

/** A bordered surface; every block of a page stands on one. */
export function Panel({ children, ...rest }: PaperProps & { children: ReactNode }) {
  return <Paper withBorder p="md" bg="var(--panel-bg)" style={{ borderColor: 'var(--line)' }} {...rest}>{children}</Paper>;
}
