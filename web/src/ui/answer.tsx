import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ProblemCard } from './problem-card.js';
import { uiWords } from './words.js';

interface AnswerProps<Data> { of: UseQueryResult<Data>; children: (data: Data) => ReactNode; skeleton?: ReactNode }

const plainSkeleton = (
  <Stack gap="sm">
    <Skeleton height={28} width="40%" />
    <Skeleton height={120} />
  </Stack>
);

/** An answer of the API on a page: its shape while it is awaited, its problem when it failed, itself otherwise. */
export function Answer<Data>({ of, children, skeleton = plainSkeleton }: AnswerProps<Data>) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <ProblemCard error={of.error} onRetry={() => void of.refetch()} />;
  return (
    <div aria-busy>
      <VisuallyHidden>{uiWords.loading}</VisuallyHidden>
      {skeleton}
    </div>
  );
}
