'use client';

import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Right } from '../../api/words.js';
import { Note } from '../../ui/note.js';
import { PageHeader } from '../../ui/page-header.js';
import { useRight } from '../session/me-context.js';
import { sessionWords } from '../session/words.js';
import { accessWords } from './words.js';

/** A page for some people only, which says so to the others instead of asking the server in vain. */
export function RightGate({ right, title, children }: { right: Right; title: string; children: ReactNode }) {
  if (useRight(right)) return <>{children}</>;
  return (
    <>
      <PageHeader title={title} />
      <Note tone="warn" title={accessWords.closed}><Text size="sm">{sessionWords.lacksRight(right)}</Text></Note>
    </>
  );
}
