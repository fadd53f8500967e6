'use client';

import { Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import Link from 'next/link';
import type { EnrollmentCreated, EnrollmentDetail } from '../../api/types.js';
import { enrollmentSilence, enrollmentStage, type EnrollmentStage } from '../../api/words.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Note } from '../../ui/note.js';
import { useNow } from '../../ui/use-now.js';
import { EnrollChecklist } from './enroll-checklist.js';
import { EnrollCommand, TimeLeft } from './enroll-command.js';
import { checklist, hostItems, tokenItem } from './enroll-model.js';
import { enrollWords as words } from './enroll-words.js';
import styles from './enroll.module.css';
import { RevokeNodeButton } from './node-acts.js';

const lookEveryMs = 2_000;

/** When nothing happens: what to look at, with commands for the host. */
function Silence({ enrollment }: { enrollment: EnrollmentDetail }) {
  const now = useNow(lookEveryMs);
  const found = enrollmentSilence(enrollment, now);
  if (found === null) return null;
  const { title, lead, meaning } = words[found];
  const commands = found === 'unheard' ? words.unheard.commands : words.unreached.commands(window.location.origin, enrollment.gateway_url);
  return (
    <Note tone="warn" title={title} role="status">
      <Text size="sm">{lead}</Text>
      {commands.map((command) => <Group key={command} gap="xs"><Code className="breakable">{command}</Code><CopyButton text={command} /></Group>)}
      <Text size="sm">{meaning}</Text>
    </Note>
  );
}

function sentence(enrollment: EnrollmentDetail, stage: EnrollmentStage): string {
  const { hosts, uses, uses_max: most } = enrollment;
  if (stage === 'ready') return words.sentences.ready(hosts.map(({ name }) => name));
  if (most > 1 && hosts.length > 0) return words.sentences.some(uses, most);
  return words.sentences[stage];
}

/** Of one host: the list. Of many: how many came, and the list of each. */
function Lists({ enrollment }: { enrollment: EnrollmentDetail }) {
  if (enrollment.uses_max === 1 || enrollment.hosts.length === 0) return <EnrollChecklist items={checklist(enrollment)} />;
  return (
    <div className={styles.hosts}>
      <EnrollChecklist items={[tokenItem(enrollment)]} />
      {enrollment.hosts.map((host) => (
        <section key={host.node_id}>
          <Title order={3} size="h5" mb={6} className="breakable">{host.name}</Title>
          <EnrollChecklist items={hostItems(host)} label={`${words.checklist}: ${host.name}`} />
        </section>
      ))}
    </div>
  );
}

interface EnrollProgressProps {
  enrollment: EnrollmentDetail;
  /** The command with its token; null when it was shown before. */
  made: EnrollmentCreated | null;
  busy: boolean;
  onAgain: () => void;
  onAnother: () => void;
  onClose: () => void;
}

const tones = { waiting: 'busy', refused: 'bad', certified: 'busy', ready: 'good', over: 'warn' } as const;

export function EnrollProgress({ enrollment, made, busy, onAgain, onAnother, onClose }: EnrollProgressProps) {
  const stage = enrollmentStage(enrollment);
  const open = enrollment.state === 'open';
  const over = { open: words.expired, expired: words.expired, revoked: words.revoked, used: words.used }[enrollment.state];
  const [host] = enrollment.hosts;
  return (
    <Stack gap="md">
      {open && made !== null && <EnrollCommand made={made} />}
      {open && made === null && <Text size="sm">{words.gone}</Text>}
      <Note tone={tones[stage]} title={stage === 'over' ? over.title : sentence(enrollment, stage)} role="status">
        {stage === 'over' && <Text size="sm">{over.sentence}</Text>}
      </Note>
      {open && <Text size="sm" c="dimmed">{words.expiresIn} <TimeLeft until={enrollment.expires_at} />.</Text>}
      <Lists enrollment={enrollment} />
      <Silence enrollment={enrollment} />
      {stage === 'ready' ? (
        <Group gap="sm">
          <Button onClick={onClose}>{words.done}</Button>
          {host && enrollment.hosts.length === 1 && <Button variant="default" component={Link} href={`/nodes/${host.node_id}`}>{words.toNode(host.name)}</Button>}
          <Button variant="default" onClick={onAnother}>{words.another}</Button>
          {host && enrollment.hosts.length === 1 && <RevokeNodeButton node={host} label={words.notMine} onRevoked={onClose} />}
        </Group>
      ) : (
        <Group gap="sm">
          <Button variant={stage === 'over' || stage === 'refused' ? 'filled' : 'default'} onClick={onAgain} loading={busy}>{words.again}</Button>
          <Button variant="default" onClick={onClose}>{open ? words.later : words.done}</Button>
        </Group>
      )}
    </Stack>
  );
}
