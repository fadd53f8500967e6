'use client';

import { Button, Container } from '@mantine/core';
import Link from 'next/link';
import { Empty } from '../../ui/empty.js';
import { shellWords } from './words.js';

export function Lost() {
  const { title, sentence, action } = shellWords.lost;
  return (
    <Container component="main" size="sm" py="xl">
      <Empty order={1} title={title} sentence={sentence} action={<Button component={Link} href="/deploys">{action}</Button>} />
    </Container>
  );
}
