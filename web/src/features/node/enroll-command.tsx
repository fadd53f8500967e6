'use client';

import { Group, List, Stack, Text } from '@mantine/core';
import type { EnrollmentCreated } from '../../api/types.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Disclosure } from '../../ui/disclosure.js';
import { formatTicking } from '../../ui/format.js';
import { Fixed } from '../../ui/time.js';
import { useNow } from '../../ui/use-now.js';
import { enrollWords as words } from './enroll-words.js';
import styles from './enroll.module.css';

/** How long it is still good, second by second. */
export function TimeLeft({ until }: { until: string }) {
  const now = useNow(1_000);
  return <Fixed>{formatTicking(Date.parse(until) - now)}</Fixed>;
}

export function EnrollCommand({ made }: { made: EnrollmentCreated }) {
  return (
    <Stack gap="xs">
      <Text size="sm">{made.uses_max > 1 ? words.runMany : words.run}</Text>
      <pre className={styles.command} data-testid="enroll-command">{made.command}</pre>
      <Group gap="sm"><CopyButton text={made.command} label={words.copy} /></Group>
      <Text size="sm" c="dimmed">{words.once}</Text>
      <Disclosure summary={<Text span size="sm">{words.does}</Text>}>
        <List size="sm" spacing={4}>{words.doesItems(made.gateway_url, made.ca_digest).map((item) => <List.Item key={item} className="breakable">{item}</List.Item>)}</List>
      </Disclosure>
    </Stack>
  );
}
