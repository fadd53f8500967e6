'use client';

import { Anchor, Skeleton, Text } from '@mantine/core';
import Link from 'next/link';
import { Suspense, useMemo, useRef, useState, type RefObject } from 'react';
import type { Deploy, Node, Version } from '../../api/types.js';
import { Answer } from '../../ui/answer.js';
import { Note } from '../../ui/note.js';
import { PageHeader } from '../../ui/page-header.js';
import { useDeploy, useVersion } from '../deploy/queries.js';
import { deploysWords } from '../deploy/words.js';
import { useNodes } from '../node/queries.js';
import type { Chosen } from './entry-step.js';
import { readBase } from './model/base.js';
import { usePlace, type Place } from './use-place.js';
import { Wizard } from './wizard.js';
import { wizardWords as words } from './words.js';

interface BodyProps { chosen: RefObject<Chosen | null>; place: Place; onPlace: (to: Place) => void; nodes: Node[] }

const keyOf = ({ entry, deploy, component }: Place): string => [entry, deploy ?? '', component ?? ''].join('/');

function OnVersion({ deploy, version, onRebase, ...body }: BodyProps & { deploy: Deploy; version: Version; onRebase: () => void }) {
  const base = useMemo(() => readBase(version.yaml), [version.yaml]);
  if (base === null) return <Note tone="bad" title={words.unreadable} role="alert"><Text size="sm"><Anchor component={Link} href={`/deploys/${deploy.deploy_id}?tab=yaml`}>{words.editYaml}</Anchor>: {words.unreadableFix}</Text></Note>;
  return <Wizard key={keyOf(body.place)} {...body} stored={{ deploy, base, number: version.number, onRebase }} />;
}

/** The change is made on the version that was the latest when the wizard was opened, until somebody says otherwise. */
function OnLatest({ deploy, ...body }: BodyProps & { deploy: Deploy }) {
  const [number, setNumber] = useState(deploy.latest_version);
  const version = useVersion(deploy.deploy_id, number);
  // At hand, should somebody want to go on from there.
  useVersion(deploy.deploy_id, deploy.latest_version);
  return <Answer of={version}>{(data) => <OnVersion {...body} deploy={deploy} version={data} onRebase={() => setNumber(deploy.latest_version)} />}</Answer>;
}

function OnDeploy({ deployId, ...body }: BodyProps & { deployId: string }) {
  return <Answer of={useDeploy(deployId)}>{(deploy) => <OnLatest {...body} deploy={deploy} />}</Answer>;
}

function WizardBody() {
  const [place, onPlace] = usePlace();
  const nodes = useNodes();
  const chosen = useRef<Chosen | null>(null);
  return (
    <>
      <PageHeader title={words.titles[place.entry]} trail={[{ href: '/deploys', label: deploysWords.title }]}><Text size="sm" c="dimmed">{words.lead}</Text></PageHeader>
      <Answer of={nodes}>
        {({ items }) => (place.deploy === null
          ? <Wizard key={keyOf(place)} chosen={chosen} place={place} onPlace={onPlace} nodes={items} stored={null} />
          : <OnDeploy key={place.deploy} deployId={place.deploy} chosen={chosen} place={place} onPlace={onPlace} nodes={items} />)}
      </Answer>
    </>
  );
}

export function WizardPage() {
  return <Suspense fallback={<Skeleton height={320} />}><WizardBody /></Suspense>;
}
