'use client';

import { Button, Checkbox, Code, Group, Modal, NativeSelect, NumberInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useState, type SubmitEvent } from 'react';
import { serverNow } from '../../api/server-time.js';
import type { ApiKeyCreated, Grants } from '../../api/types.js';
import { rights as allRights, type Right } from '../../api/words.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { ShownOnce } from '../../ui/shown-once.js';
import { uiWords } from '../../ui/words.js';
import { cleanGrants, NarrowingFields } from '../access/narrowing-fields.js';
import { useSignedIn } from '../session/me-context.js';
import { useCreateKey } from './queries.js';
import { keyWords as words } from './words.js';

const dayMs = 24 * 3_600_000;
/** For people alone; and what leaves hosts as they are. The server judges. */
const neverOfKeys: readonly Right[] = ['user.manage'];
const rightsOfPlans: readonly Right[] = ['deploy.read', 'deploy.write', 'secret.read_names', 'artifact.write', 'node.read', 'audit.read'];

function KeyForm({ onMade }: { onMade: (key: ApiKeyCreated) => void }) {
  const mine = useSignedIn()?.rights ?? [];
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>(['deploy.read']);
  const [days, setDays] = useState('90');
  const [planOnly, setPlanOnly] = useState(false);
  const [hosts, setHosts] = useState<number | string>('');
  const [grants, setGrants] = useState<Grants>({});
  const create = useCreateKey();
  const offered = allRights.filter((right) => mine.includes(right) && !neverOfKeys.includes(right) && (!planOnly || rightsOfPlans.includes(right)));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (create.isPending) return;
    const limits = { ...cleanGrants(grants), ...(planOnly ? { plan_only: true } : {}), ...(hosts === '' ? {} : { hosts_per_day: Number(hosts) }) };
    create.mutate({ name, rights: offered.filter((right) => chosen.includes(right)), expires_at: days === '' ? null : new Date(serverNow() + Number(days) * dayMs).toISOString(), limits }, { onSuccess: onMade });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput label={words.name} description={words.nameHint} name="key-name" autoComplete="off" data-autofocus required withAsterisk={false} maxLength={64} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Checkbox label={words.planOnly} description={words.planOnlyHint} checked={planOnly} onChange={(event) => setPlanOnly(event.currentTarget.checked)} />
        <Checkbox.Group label={words.chosen} description={words.chosenHint} value={chosen} onChange={setChosen}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={6} mt={6}>{offered.map((right) => <Checkbox key={right} value={right} label={right} />)}</SimpleGrid>
        </Checkbox.Group>
        <NativeSelect label={words.expiry} value={days} onChange={(event) => setDays(event.currentTarget.value)} data={words.expiries.map(([value, label]) => ({ value, label }))} />
        {!planOnly && <NumberInput label={words.hosts} description={words.hostsHint} min={1} max={1_000_000} allowDecimal={false} hideControls value={hosts} onChange={setHosts} />}
        <NarrowingFields value={grants} onChange={setGrants} />
        {create.error != null && <ProblemCard error={create.error} />}
        <Group justify="flex-end"><Button type="submit" loading={create.isPending}>{words.create}</Button></Group>
      </Stack>
    </form>
  );
}

/** The key is gone when it closes. */
export function MakeKeyDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [made, setMade] = useState<ApiKeyCreated | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={words.make} size="lg" closeOnClickOutside={made === null} closeButtonProps={{ 'aria-label': uiWords.close }} styles={{ title: { fontWeight: 600 } }}>
      {made === null ? <KeyForm onMade={setMade} /> : (
        <Stack gap="md">
          <ShownOnce title={words.made(made.name)} secret={made.key} copy={words.copy}>{words.once}</ShownOnce>
          <div>
            <Text size="sm" mb={4}>{words.use}</Text>
            <Code block tabIndex={0}>{words.curl(window.location.origin)}</Code>
          </div>
          <Group justify="flex-end"><Button onClick={close}>{words.done}</Button></Group>
        </Stack>
      )}
    </Modal>
  );
}
