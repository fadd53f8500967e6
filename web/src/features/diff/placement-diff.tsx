import { Code, Group, List, Stack, Table, Text } from '@mantine/core';
import type { PlacementPlan } from '../../api/types.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Wide } from '../../ui/wide.js';
import { ActionTag } from './action-tag.js';
import { describeOperation } from './describe-operation.js';
import { FileLines } from './file-lines.js';
import { changeKinds, diffWords } from './words.js';

const shortHash = (sha256: string | null): string => (sha256 === null ? diffWords.nothingThere : sha256.slice(0, 12));
const shown = (value: string | null): string => value ?? diffWords.nothingThere;

function Effect({ plan }: { plan: PlacementPlan }) {
  if (plan.action === 'unchanged' || plan.action === 'conflict') return null;
  const restart = plan.restart ? diffWords.restart : diffWords.keepsRunning;
  const words = [plan.downtime ? diffWords.downtime : null, plan.action === 'create' ? null : restart].filter((word) => word !== null);
  return <Text size="sm" c="dimmed" component="span">{words.join(', ')}</Text>;
}

function Fields({ plan }: { plan: PlacementPlan }) {
  if (plan.fields.length === 0) return null;
  const { field, from, to, kind } = diffWords.columns;
  return (
    <Wide label={diffWords.fields} minWidth={420}>
      <Table withRowBorders={false} verticalSpacing={2} fz="sm">
        <Table.Thead><Table.Tr><Table.Th>{field}</Table.Th><Table.Th>{from}</Table.Th><Table.Th>{to}</Table.Th><Table.Th>{kind}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {plan.fields.map((change) => (
            <Table.Tr key={change.field}>
              <Table.Th scope="row" fw={400}><Code>{change.field}</Code></Table.Th>
              <Table.Td className="breakable">{shown(change.from)}</Table.Td>
              <Table.Td className="breakable">{shown(change.to)}</Table.Td>
              <Table.Td>{changeKinds[change.kind]}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

function Files({ plan }: { plan: PlacementPlan }) {
  if (plan.files.length === 0) return null;
  const { path, oldHash, newHash, kind } = diffWords.columns;
  return (
    <Wide label={diffWords.files} minWidth={420}>
      <Table withRowBorders={false} verticalSpacing={2} fz="sm">
        <Table.Thead><Table.Tr><Table.Th>{path}</Table.Th><Table.Th>{oldHash}</Table.Th><Table.Th>{newHash}</Table.Th><Table.Th>{kind}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {plan.files.map((file) => (
            <Table.Tr key={file.path}>
              <Table.Th scope="row" fw={400} className="breakable"><Code>{file.path}</Code></Table.Th>
              <Table.Td><Code>{shortHash(file.old_sha256)}</Code></Table.Td>
              <Table.Td><Code>{shortHash(file.new_sha256)}</Code></Table.Td>
              <Table.Td>{changeKinds[file.kind]}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

function Sentences({ title, items }: { title: string; items: string[] }) {
  if (items.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>{title}</Text>
      <List size="sm" withPadding>{items.map((item) => <List.Item key={item}>{item}</List.Item>)}</List>
    </div>
  );
}

/** One component on one host: what happens to it and why, and everything else on opening. */
export function PlacementDiff({ plan, open = false }: { plan: PlacementPlan; open?: boolean }) {
  const [first] = plan.reasons;
  return (
    <Disclosure
      open={open}
      summary={(
        <Group gap="xs" component="span">
          <ActionTag action={plan.action} />
          <Text component="span" fw={600}>{plan.component}</Text>
          <Effect plan={plan} />
          {first && <Text component="span" size="sm" className="breakable">{first}</Text>}
        </Group>
      )}
    >
      <Stack gap="xs">
        <Sentences title={diffWords.reasons} items={plan.reasons} />
        <Fields plan={plan} />
        <Files plan={plan} />
        {plan.files.map((file) => <FileLines key={file.path} file={file} />)}
        <Sentences title={diffWords.operations} items={plan.operations.map(describeOperation)} />
      </Stack>
    </Disclosure>
  );
}
