'use client';

import { Loader, Stack, Text, UnstyledButton } from '@mantine/core';
import { CircleCheck, OctagonX, TriangleAlert } from 'lucide-react';
import type { Validation } from '../../api/types.js';
import type { Diagnostic } from '../../api/words.js';
import { uiWords } from '../../ui/words.js';
import styles from './findings.module.css';
import { bundleWords } from './words.js';

interface FindingsProps { validation: Validation | undefined; settled: boolean; empty: boolean; onPick: (line: number, column: number) => void }

function stateSentence({ validation, settled, empty }: FindingsProps): string {
  const { state } = bundleWords;
  if (empty) return state.empty;
  if (!settled || !validation) return state.checking;
  if (!validation.ok) return state.errors(validation.errors.length);
  const placements = validation.graph?.steps.length ?? 0;
  return validation.warnings.length > 0 ? state.okWithWarnings(placements, validation.warnings.length) : state.ok(placements);
}

function StateIcon({ validation, settled, empty }: FindingsProps) {
  if (empty) return null;
  if (!settled || !validation) return <Loader size={16} aria-hidden />;
  return validation.ok ? <CircleCheck size={16} color="var(--tone-good)" aria-hidden /> : <OctagonX size={16} color="var(--tone-bad)" aria-hidden />;
}

function Finding({ item, kind, onPick }: { item: Diagnostic; kind: 'error' | 'warning'; onPick: FindingsProps['onPick'] }) {
  const Icon = kind === 'error' ? OctagonX : TriangleAlert;
  return (
    <li>
      <UnstyledButton className={styles.finding} onClick={() => onPick(item.line, item.column)} title={bundleWords.jump(item.line, item.column)}>
        <Icon size={16} color={kind === 'error' ? 'var(--tone-bad)' : 'var(--tone-warn)'} className={styles.icon} aria-label={bundleWords[kind]} />
        <span>
          <Text span size="sm" fw={600}>{uiWords.where(item.line, item.column)}</Text> <Text span size="sm">{item.message}</Text>
          {item.suggested_fix !== '' && <Text size="sm" c="dimmed">{item.suggested_fix}</Text>}
        </span>
      </UnstyledButton>
    </li>
  );
}

/** What the server thinks of the text, each finding a way to its place. */
export function Findings(props: FindingsProps) {
  const { validation, empty, onPick } = props;
  return (
    <Stack gap={4}>
      <div className={styles.state} role="status">
        <StateIcon {...props} />
        <Text size="sm" fw={600}>{stateSentence(props)}</Text>
      </div>
      {!empty && validation && (
        <ul className={styles.list} aria-label={bundleWords.findings}>
          {validation.errors.map((item, index) => <Finding key={`e${index}`} item={item} kind="error" onPick={onPick} />)}
          {validation.warnings.map((item, index) => <Finding key={`w${index}`} item={item} kind="warning" onPick={onPick} />)}
        </ul>
      )}
    </Stack>
  );
}
