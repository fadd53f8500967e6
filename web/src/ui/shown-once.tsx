import { Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyButton } from './copy-button.js';
import { Note } from './note.js';
import styles from './shown-once.module.css';

/** Something secret that is shown now and never again. */
export function ShownOnce({ title, secret, copy, children }: { title: string; secret: string; copy: string; children?: ReactNode }) {
  return (
    <Note tone="good" title={title} role="status">
      <Stack gap="xs">
        <pre className={styles.secret} data-testid="shown-once">{secret}</pre>
        <Group><CopyButton text={secret} label={copy} /></Group>
        {children && <Text size="sm" component="div">{children}</Text>}
      </Stack>
    </Note>
  );
}
