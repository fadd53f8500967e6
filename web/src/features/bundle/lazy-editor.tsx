'use client';

import { Skeleton } from '@mantine/core';
import dynamic from 'next/dynamic';

/** The editor is large and only for the browser; its place is kept while it loads. */
export const LazyEditor = dynamic(async () => (await import('./yaml-editor.js')).YamlEditor, { ssr: false, loading: () => <Skeleton height="18rem" /> });
