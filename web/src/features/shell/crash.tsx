'use client';

import { Button, Code, Container } from '@mantine/core';
import { Empty } from '../../ui/empty.js';
import { shellWords } from './words.js';

export function Crash({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { title, sentence, retry } = shellWords.crash;
  return (
    <Container component="main" size="sm" py="xl">
      <Empty order={1} title={title} sentence={sentence} action={<Button onClick={onRetry}>{retry}</Button>}>
        <Code block>{error.message}</Code>
      </Empty>
    </Container>
  );
}
