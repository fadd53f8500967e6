'use client';

import { Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { usePathname, useSearchParams } from 'next/navigation';
import { Suspense } from 'react';
import type { Deploy } from '../../api/types.js';
import { isOpenRollout } from '../../api/words.js';
import { Answer } from '../../ui/answer.js';
import { PageHeader } from '../../ui/page-header.js';
import { AddComponentLink } from '../wizard/wizard-link.js';
import { ApplyButton } from './apply-dialog.js';
import { DeleteButton } from './delete-dialog.js';
import { deploySentence } from './deploy-sentence.js';
import { DiffTab } from './diff-tab.js';
import { OverviewTab } from './overview-tab.js';
import { useDeploy } from './queries.js';
import { DeployTag } from './state-tag.js';
import { VersionsTab } from './versions-tab.js';
import { deploysWords, deployWords as words } from './words.js';
import { YamlTab } from './yaml-tab.js';
import styles from './deploy-page.module.css';

const tabs = ['overview', 'yaml', 'versions', 'diff'] as const;
type Tab = (typeof tabs)[number];
const isTab = (value: string | null): value is Tab => tabs.some((tab) => tab === value);

/** The tab is in the URL, so that it can be linked to and the back button works. */
function useTab(): [Tab, (tab: string | null) => void] {
  const asked = useSearchParams().get('tab');
  const path = usePathname();
  return [isTab(asked) ? asked : 'overview', (tab) => window.history.pushState(null, '', tab === 'overview' ? path : `${path}?tab=${tab}`)];
}

function DeployTabs({ deploy }: { deploy: Deploy }) {
  const [tab, setTab] = useTab();
  return (
    <Tabs value={tab} onChange={setTab} keepMounted={false}>
      <Tabs.List mb="md" aria-label={words.tabList}>
        {tabs.map((value) => <Tabs.Tab key={value} value={value}>{words.tabs[value]}</Tabs.Tab>)}
      </Tabs.List>
      <Tabs.Panel value="overview"><OverviewTab deploy={deploy} /></Tabs.Panel>
      <Tabs.Panel value="yaml"><YamlTab deploy={deploy} /></Tabs.Panel>
      <Tabs.Panel value="versions"><VersionsTab deploy={deploy} /></Tabs.Panel>
      <Tabs.Panel value="diff"><DiffTab deploy={deploy} /></Tabs.Panel>
    </Tabs>
  );
}

function DeployView({ deploy }: { deploy: Deploy }) {
  const open = deploy.last_rollout !== null && isOpenRollout(deploy.last_rollout.state);
  return (
    <>
      <PageHeader
        title={deploy.name}
        windowTitle={`${deploy.name} · ${words.heading}`}
        trail={[{ href: '/deploys', label: deploysWords.title }]}
        beside={(
          <div className={styles.acts}>
            <ApplyButton deploy={deploy} version={deploy.latest_version} />
            <AddComponentLink deployId={deploy.deploy_id} />
            <DeleteButton deploy={deploy} blocked={open} />
          </div>
        )}
      >
        <div className={styles.state}>
          <DeployTag state={deploy.state} />
          <Text role="status">{deploySentence(deploy, deploy.hosts.length)}</Text>
        </div>
        {deploy.description && <Text size="sm" c="dimmed">{deploy.description}</Text>}
      </PageHeader>
      <DeployTabs deploy={deploy} />
    </>
  );
}

const skeleton = <Stack gap="md"><Skeleton height={36} width="35%" /><Skeleton height={24} width="55%" /><Skeleton height={40} /><Skeleton height={220} /></Stack>;

export function DeployPage({ deployId }: { deployId: string }) {
  const deploy = useDeploy(deployId);
  return (
    <Suspense fallback={skeleton}>
      <Answer of={deploy} skeleton={skeleton}>{(data) => <DeployView deploy={data} />}</Answer>
    </Suspense>
  );
}
