'use client';

import { Button, NativeSelect, Radio, Stack, Text } from '@mantine/core';
import { useEffect, useState, type RefObject } from 'react';
import { useDeploys } from '../deploy/queries.js';
import { deploysWords } from '../deploy/words.js';
import { entries, isEntry, type Entry } from './model/answers.js';
import { canUpgrade, type Base } from './model/base.js';
import { entryWords, fieldWords, wizardWords } from './words.js';

/** What was chosen last, where the focus goes back to when its choice has made another wizard of this one. */
export type Chosen = 'entry' | 'deploy' | 'component';
interface EntryStepProps { chosen: RefObject<Chosen | null>; entry: Entry; deployId: string | null; component: string | null; base: Base | null; onGo: (to: { entry: Entry; deploy: string | null; component: string | null }) => void }

const idOf: Record<Exclude<Chosen, 'entry'>, string> = { deploy: 'wizard-deploy', component: 'wizard-component' };

function refocus(chosen: Chosen): void {
  document.querySelector<HTMLElement>(chosen === 'entry' ? '#wizard-form input[type=radio]:checked' : `#${idOf[chosen]}`)?.focus();
}

function ChooseDeploy({ entry, deployId, chosen, onGo }: EntryStepProps) {
  const deploys = useDeploys();
  const items = deploys.data?.pages.flatMap((page) => page.items) ?? [];
  const { label, help } = fieldWords.base;
  if (deploys.isSuccess && items.length === 0) return <Text size="sm">{wizardWords.noDeploys}</Text>;
  return (
    <>
      <NativeSelect
        label={label} description={help} value={deployId ?? ''} id={idOf.deploy}
        data={[{ value: '', label: wizardWords.choose }, ...items.map(({ deploy_id: value, name }) => ({ value, label: name })), ...(deployId !== null && !items.some(({ deploy_id: id }) => id === deployId) ? [{ value: deployId, label: deployId }] : [])]}
        onChange={(event) => { chosen.current = 'deploy'; onGo({ entry, deploy: event.currentTarget.value || null, component: null }); }}
      />
      {deploys.hasNextPage && <div><Button size="compact-sm" variant="default" loading={deploys.isFetchingNextPage} onClick={() => void deploys.fetchNextPage()}>{deploysWords.more}</Button></div>}
    </>
  );
}

function ChooseComponent({ entry, deployId, component, base, chosen, onGo }: EntryStepProps) {
  if (base === null) return null;
  const { label, help } = fieldWords.upgraded;
  return (
    <NativeSelect
      label={label} description={help} value={component ?? ''} id={idOf.component}
      data={[{ value: '', label: wizardWords.choose }, ...base.components.map((name) => (canUpgrade(base, name) ? { value: name, label: name } : { value: name, label: wizardWords.notByWizard(name), disabled: true }))]}
      onChange={(event) => { chosen.current = 'component'; onGo({ entry, deploy: deployId, component: event.currentTarget.value || null }); }}
    />
  );
}

/** The way in. Choosing another one begins anew; the drafts of both are kept. */
export function EntryStep(props: EntryStepProps) {
  const { entry, deployId, chosen, onGo } = props;
  const [ticked, setTicked] = useState(entry);
  useEffect(() => {
    if (chosen.current !== null) refocus(chosen.current);
    chosen.current = null;
  }, [chosen]);
  const choose = (value: string) => {
    if (!isEntry(value)) return;
    setTicked(value);
    chosen.current = 'entry';
    onGo({ entry: value, deploy: value === 'new' ? null : deployId, component: null });
  };
  return (
    <Stack gap="md">
      <Radio.Group label={wizardWords.wayIn} value={ticked} onChange={choose}>
        <Stack gap="sm" mt="xs">
          {entries.map((value) => <Radio key={value} value={value} label={entryWords[value].label} description={entryWords[value].help} />)}
        </Stack>
      </Radio.Group>
      {entry !== 'new' && <ChooseDeploy {...props} />}
      {entry === 'upgrade-component' && <ChooseComponent {...props} />}
    </Stack>
  );
}
