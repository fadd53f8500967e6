'use client';

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client, deadline, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import type { Validation } from '../../api/types.js';
import { filesBody, totalBytes, type UploadedFile } from './uploads.js';

/** Typing rests so long before the server is asked; longer when the files travel along. */
const quickMs = 350;
const slowMs = 1_000;
const largeBytes = 200_000;

async function validate(deployId: string | null, yaml: string, files: readonly UploadedFile[] | null, signal: AbortSignal): Promise<Validation> {
  const body = files === null ? { yaml } : { yaml, files: filesBody(files) };
  return deployId === null
    ? unwrap(client.POST('/api/validate', { body, signal: deadline(signal) }))
    : unwrap(client.POST('/api/deploys/{id}/validate', { params: { path: { id: deployId } }, body, signal: deadline(signal) }));
}

/** The server's judgement of what is being written. `settled` is false while it speaks of an older text. */
export function useValidation(deployId: string | null, yaml: string, files: UploadedFile[] | null) {
  const waitMs = totalBytes(files ?? []) > largeBytes ? slowMs : quickMs;
  const [asked] = useDebouncedValue({ yaml, files }, waitMs);
  const listing = asked.files?.map(({ path, bytes }) => [path, bytes.length]) ?? null;
  const answer = useQuery({
    queryKey: keys.validation(deployId, asked.yaml, listing),
    queryFn: ({ signal }) => validate(deployId, asked.yaml, asked.files, signal),
    enabled: asked.yaml.trim() !== '',
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    gcTime: 0,
  });
  const settled = asked.yaml === yaml && asked.files === files && !answer.isFetching && !answer.isPlaceholderData;
  return { answer, settled, empty: yaml.trim() === '' };
}
