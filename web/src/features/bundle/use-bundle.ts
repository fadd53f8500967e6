'use client';

import { useState } from 'react';
import { mergeFiles, readUploads, sortUploads, type UploadedFile } from './uploads.js';

/** A document and the files beside it while somebody edits them. `files` null: those of the version before stay. */
export interface Bundle {
  yaml: string;
  files: UploadedFile[] | null;
  setYaml: (yaml: string) => void;
  take: (picked: Iterable<File>) => Promise<void>;
  addFiles: (picked: Iterable<File>) => Promise<void>;
  rename: (path: string, to: string) => void;
  remove: (path: string) => void;
}

export function useBundle(initialYaml: string, keepsFiles: boolean): Bundle {
  const [yaml, setYaml] = useState(initialYaml);
  const [files, setFiles] = useState<UploadedFile[] | null>(keepsFiles ? null : []);
  const add = (added: UploadedFile[]) => {
    if (added.length > 0) setFiles((before) => mergeFiles(before ?? [], added));
  };
  return {
    yaml,
    files,
    setYaml,
    take: async (picked) => {
      const { document, files: others } = sortUploads(await readUploads(picked));
      if (document) setYaml(new TextDecoder().decode(document.bytes));
      add(others);
    },
    addFiles: async (picked) => add(await readUploads(picked)),
    rename: (path, to) => setFiles((before) => before?.map((file) => (file.path === path ? { ...file, path: to } : file)) ?? null),
    remove: (path) => setFiles((before) => before?.filter((file) => file.path !== path) ?? null),
  };
}
