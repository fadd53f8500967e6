'use client';

import { Button, Checkbox, Stack, Text, TextInput } from '@mantine/core';
import Link from 'next/link';
import type { Node } from '../../api/types.js';
import { Empty } from '../../ui/empty.js';
import { runsInDocker } from './model/answers.js';
import { useWizard } from './wizard-context.js';
import { fieldWords, placementWords as words } from './words.js';
import styles from './wizard.module.css';

/** Why it would not run here; empty when it would. */
function unfit(node: Node | undefined, docker: boolean): string[] {
  if (node === undefined) return [words.notEnrolled];
  return [...(docker && !node.facts.docker ? [words.lacksDocker] : []), ...(!docker && !node.facts.systemd ? [words.lacksSystemd] : [])];
}

function HostRow({ name, node }: { name: string; node: Node | undefined }) {
  const { answers, set, base } = useWizard();
  const ticked = answers.hosts.includes(name);
  const runs = base?.bindings.filter(({ hosts }) => hosts.includes(name)).flatMap(({ components }) => components) ?? [];
  const told = [...(node?.online === false ? [words.offline] : []), ...unfit(node, runsInDocker(answers)), ...(runs.length > 0 ? [words.joins([...new Set(runs)].join(', '))] : [])];
  return (
    <div className={styles.host}>
      <Checkbox value={name} label={name} description={told.length > 0 ? told.join(' · ') : undefined} />
      {ticked && !(base?.hosts.includes(name) ?? false) && (
        <TextInput
          size="xs" label={words.address(name)} description={words.addressHelp} placeholder="e.g. 10.0.0.10" value={answers.addresses[name] ?? ''} className={styles.below}
          onChange={(event) => set({ addresses: { ...answers.addresses, [name]: event.currentTarget.value } })}
        />
      )}
    </div>
  );
}

export function PlacementStep() {
  const { answers, set, problems, base, nodes } = useWizard();
  const names = [...new Set([...(base?.hosts ?? []), ...nodes.map(({ name }) => name), ...answers.hosts])];
  const enroll = <Button component={Link} href="/nodes?enroll=new">{words.empty.action}</Button>;
  if (names.length === 0) return <Empty title={words.empty.title} sentence={words.empty.sentence} action={enroll} />;
  const inOrder = (ticked: string[]) => names.filter((name) => ticked.includes(name));
  return (
    <Stack gap="md">
      <Checkbox.Group label={fieldWords.hosts.label} error={problems.hosts} value={answers.hosts} onChange={(ticked) => set({ hosts: inOrder(ticked) })}>
        <Stack gap="xs" mt="xs">{names.map((name) => <HostRow key={name} name={name} node={nodes.find((node) => node.name === name)} />)}</Stack>
      </Checkbox.Group>
      {nodes.length === 0 && <Text size="sm">{words.empty.sentence} {enroll}</Text>}
    </Stack>
  );
}
