import { Button, Code, Group, List, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { fetchProblem } from '../api/problem.js';
import { Note } from './note.js';
import { uiWords } from './words.js';

interface ProblemCardProps { error: unknown; onRetry?: () => void; children?: ReactNode }

/** Any failure: what, its code, what to do; then the buttons that do it. Decides on the code, never on the text. */
export function ProblemCard({ error, onRetry, children }: ProblemCardProps) {
  const problem = fetchProblem(error);
  return (
    <Note tone="bad" title={problem.message} role="alert">
      {problem.errors.length > 0 && (
        <List size="sm">
          {problem.errors.map((item, index) => (
            <List.Item key={index}>{uiWords.where(item.line, item.column)} {item.message} {item.suggested_fix}</List.Item>
          ))}
        </List>
      )}
      {problem.fix !== '' && <Text size="sm"><b>{uiWords.whatToDo}</b> {problem.fix}</Text>}
      <Group gap={4} style={{ columnGap: 16 }}>
        <Text size="xs">{uiWords.code} <Code>{problem.code}</Code></Text>
        {problem.requestId && <Text size="xs">{uiWords.request} <Code>{problem.requestId}</Code></Text>}
      </Group>
      {(onRetry || children) && (
        <Group gap="xs" mt={4}>
          {onRetry && <Button size="compact-sm" variant="default" onClick={onRetry}>{uiWords.tryAgain}</Button>}
          {children}
        </Group>
      )}
    </Note>
  );
}
