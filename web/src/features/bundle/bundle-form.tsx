'use client';

import { Button, FileButton, Grid, Group, Stack, Text, Title } from '@mantine/core';
import { FileUp } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import { Panel } from '../../ui/panel.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { BundleFiles } from './bundle-files.js';
import { DropZone } from './drop-zone.js';
import { Findings } from './findings.js';
import { LazyEditor } from './lazy-editor.js';
import type { Bundle } from './use-bundle.js';
import type { useValidation } from './use-validation.js';
import { bundleWords } from './words.js';
import type { EditorHandle } from './yaml-editor.js';

interface BundleFormProps {
  bundle: Bundle;
  validation: ReturnType<typeof useValidation>;
  /** How many files stay when none are added; null for a first version. */
  kept: number | null;
  /** Further ways to begin, beside the file picker. */
  starts?: ReactNode;
  /** What to do with it once it is right. */
  children: ReactNode;
}

/** Writing a document: text on the left, what the server thinks of it and the files on the right. */
export function BundleForm({ bundle, validation: { answer, settled, empty }, kept, starts, children }: BundleFormProps) {
  const editor = useRef<EditorHandle>(null);
  const take = (picked: Iterable<File>) => void bundle.take(picked);
  return (
    <DropZone onFiles={take}>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="xs">
            <Group gap="xs">
              <FileButton accept=".yaml,.yml" onChange={(file) => file && take([file])}>
                {(props) => <Button {...props} variant="default" size="compact-sm" leftSection={<FileUp size={14} aria-hidden />}>{bundleWords.openFile}</Button>}
              </FileButton>
              {starts}
            </Group>
            <LazyEditor handle={editor} label={bundleWords.editorLabel} text={bundle.loaded.text} revision={bundle.loaded.revision} onChange={bundle.write} errors={answer.data?.errors} warnings={answer.data?.warnings} />
            <Text size="sm" c="dimmed">{bundleWords.drop}</Text>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="md">
            <Panel p="sm">
              {answer.error ? <ProblemCard error={answer.error} onRetry={() => void answer.refetch()} /> : <Findings validation={answer.data} settled={settled} empty={empty} onPick={(line, column) => editor.current?.goTo(line, column)} />}
            </Panel>
            <Panel p="sm">
              <Title order={2} size="h5" mb={4}>{bundleWords.files}</Title>
              <BundleFiles bundle={bundle} kept={kept} />
            </Panel>
            {children}
          </Stack>
        </Grid.Col>
      </Grid>
    </DropZone>
  );
}
