/** The lines of a file that change, or why they are not shown. */
import { Code, Text } from '@mantine/core';
import type { PlacementPlan } from '../../api/types.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Wide } from '../../ui/wide.js';
import styles from './file-lines.module.css';
import { diffWords, fileNotes } from './words.js';

type FileChange = PlacementPlan['files'][number];

/** The first characters say it too, so that nobody has to see colours. */
function lookOf(line: string): string {
  if (line.startsWith('+') && !line.startsWith('+++ ')) return `${styles.line} ${styles.added}`;
  return line.startsWith('-') && !line.startsWith('--- ') ? `${styles.line} ${styles.removed}` : `${styles.line}`;
}

export function FileLines({ file }: { file: FileChange }) {
  const { path, unified_diff: diff, note } = file;
  const why = note == null ? null : <Text size="sm" c="dimmed">{fileNotes[note]}</Text>;
  if (diff == null) return why === null ? null : <div><Code>{path}</Code>{why}</div>;
  return (
    <Disclosure summary={<Text component="span" size="sm" className="breakable">{diffWords.linesOf(path)}</Text>}>
      <Wide label={diffWords.linesOf(path)} minWidth={420}>
        <pre className={styles.lines}>{diff.split('\n').map((line, index) => <span key={index} className={lookOf(line)}>{line}</span>)}</pre>
      </Wide>
      {why}
    </Disclosure>
  );
}
