'use client';

import { ActionIcon, Button, FileButton, Group, Stack, Table, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { FilePlus2, FolderPlus, Trash2 } from 'lucide-react';
import { formatBytes } from '../../ui/format.js';
import { Note } from '../../ui/note.js';
import { totalBytes, uploadBytesMax, type UploadedFile } from './uploads.js';
import type { Bundle } from './use-bundle.js';
import { bundleWords } from './words.js';

/** Every browser knows it; the types do not. */
const folderPicker: Record<string, string> = { webkitdirectory: '' };

function FileRow({ file, index, bundle }: { file: UploadedFile; index: number; bundle: Bundle }) {
  return (
    <Table.Tr key={index}>
      <Table.Td><TextInput size="xs" aria-label={bundleWords.pathOf(file.path)} value={file.path} onChange={(event) => bundle.rename(file.path, event.currentTarget.value)} /></Table.Td>
      <Table.Td w={90}>{formatBytes(file.bytes.length)}</Table.Td>
      <Table.Td w={50}><ActionIcon variant="subtle" color="gray" aria-label={bundleWords.remove(file.path)} onClick={() => bundle.remove(file.path)}><Trash2 size={16} aria-hidden /></ActionIcon></Table.Td>
    </Table.Tr>
  );
}

const leadOf = (bundle: Bundle, kept: number | null): string => {
  if (bundle.files === null) return kept ? bundleWords.filesKept(kept) : bundleWords.noFiles;
  return kept === null ? bundleWords.filesLead : bundleWords.filesReplaced;
};

/** `kept`: how many files the version before has; null for a first version. */
export function BundleFiles({ bundle, kept }: { bundle: Bundle; kept: number | null }) {
  const files = bundle.files ?? [];
  const { path, size, remove } = bundleWords.columns;
  const take = (picked: File[]) => void bundle.addFiles(picked);
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">{leadOf(bundle, kept)}</Text>
      {files.length > 0 && (
        <Table verticalSpacing={4} aria-label={bundleWords.files}>
          <Table.Thead><Table.Tr><Table.Th>{path}</Table.Th><Table.Th>{size}</Table.Th><Table.Th><VisuallyHidden>{remove}</VisuallyHidden></Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{files.map((file, index) => <FileRow key={index} file={file} index={index} bundle={bundle} />)}</Table.Tbody>
        </Table>
      )}
      {totalBytes(files) > uploadBytesMax && <Note tone="bad" title={bundleWords.tooLarge(formatBytes(totalBytes(files)))} role="alert" />}
      <Group gap="xs">
        <FileButton multiple onChange={take}>{(props) => <Button {...props} size="compact-sm" variant="default" leftSection={<FilePlus2 size={14} aria-hidden />}>{bundleWords.addFiles}</Button>}</FileButton>
        <FileButton multiple onChange={take} inputProps={folderPicker}>{(props) => <Button {...props} size="compact-sm" variant="default" leftSection={<FolderPlus size={14} aria-hidden />}>{bundleWords.addFolder}</Button>}</FileButton>
      </Group>
    </Stack>
  );
}
