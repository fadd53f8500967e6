import { Anchor, List, Text } from '@mantine/core';
import Link from 'next/link';
import { Note } from '../../ui/note.js';
import type { RolloutModel } from './model/rollout-model.js';
import { rollbackWords as words } from './words.js';

const open = (id: string, text: string) => <Anchor component={Link} href={`/rollouts/${id}`} size="sm">{text}</Anchor>;

/** Who takes whom back, and the chain of reasons from the first failure on. */
export function RollbackNote({ model: { rollbackOf, rolledBackBy, cause, state } }: { model: RolloutModel }) {
  return (
    <>
      {rolledBackBy !== null && <Note tone="warn" title={words.by(state === 'rolled_back')}>{open(rolledBackBy, words.open)}</Note>}
      {cause !== null && (
        <Note tone="warn" title={words.of(cause.from_version, cause.to_version)}>
          <List size="sm">
            {cause.reason !== '' && <List.Item>{words.because(cause.reason)}</List.Item>}
            <List.Item>{cause.asked_by === null ? words.trigger(cause.trigger ?? '') : words.askedBy(cause.asked_by)}</List.Item>
            {cause.kept.length > 0 && <List.Item>{words.kept(cause.kept)}</List.Item>}
            {cause.missing.length > 0 && <List.Item>{words.missing(cause.missing)}</List.Item>}
          </List>
          {rollbackOf !== null && <Text size="sm">{open(rollbackOf, words.openOther)}</Text>}
        </Note>
      )}
    </>
  );
}
