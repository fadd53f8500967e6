'use client';

import { Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { NodeDetail } from '../../api/types.js';
import { formatExact } from '../../ui/format.js';
import { Note } from '../../ui/note.js';
import { Panel } from '../../ui/panel.js';
import { TimeAgo } from '../../ui/time.js';
import { useNow } from '../../ui/use-now.js';
import { Found } from './node-tags.js';
import { detailWords as words } from './detail-words.js';
import styles from './node-page.module.css';

const lookEveryMs = 30_000;

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return <div className={styles.fact}><dt>{name}</dt><dd>{children}</dd></div>;
}

function Certificate({ until }: { until: string | null }) {
  const now = useNow(lookEveryMs);
  if (until === null) return <>{words.noCertificate}</>;
  return <>{Date.parse(until) <= now ? words.certificateOver : words.certificateUntil} <time dateTime={until}>{formatExact(Date.parse(until))}</time></>;
}

/** A certificate that ran out on a host that is there has not been renewed: something is in the way of it. */
function Expired({ node }: { node: NodeDetail }) {
  const now = useNow(lookEveryMs);
  const { certificate_expires_at: until } = node;
  if (until === null || Date.parse(until) > now) return null;
  return <Note tone="warn" title={words.expired.title}><Text size="sm">{words.expired.sentence}</Text></Note>;
}

export function NodeFacts({ node }: { node: NodeDetail }) {
  const { facts: names } = words;
  const heard = node.last_seen_at !== null;
  const others = node.facts.missing.filter((name) => name !== 'docker' && name !== 'systemd');
  return (
    <section>
      <Title order={2} size="h4" mb="xs">{words.diagnostics}</Title>
      <Expired node={node} />
      <Panel>
        <dl className={styles.facts}>
          <Fact name={names.docker}>{heard ? <Found there={node.facts.docker} /> : words.unknown}</Fact>
          <Fact name={names.systemd}>{heard ? <Found there={node.facts.systemd} /> : words.unknown}</Fact>
          {others.length > 0 && <Fact name={names.missing}>{others.join(', ')}</Fact>}
          <Fact name={names.seen}><TimeAgo at={node.last_seen_at} /></Fact>
          <Fact name={names.version}>{node.version === '' ? words.unknown : node.version}</Fact>
          <Fact name={names.address}>{node.address ?? words.unknown}</Fact>
          <Fact name={names.certificate}><Certificate until={node.certificate_expires_at} /></Fact>
          <Fact name={names.enrolled}>{node.enrolled_at === null ? words.notEnrolled : <TimeAgo at={node.enrolled_at} />}</Fact>
          <Fact name={names.tags}>{node.tags.length === 0 ? words.noTags : node.tags.join(', ')}</Fact>
        </dl>
      </Panel>
    </section>
  );
}
