'use client';

import { useState } from 'react';
import { mergeFiles, readUploads, sortUploads, type UploadedFile } from './uploads.js';

/** A document and the files beside it while somebody edits them. `files` null: those of the version before stay. */
export interface Bundle {
  yaml: string;
  /** The text that was loaded last, and how often one was. */
  loaded: { text: string; revision: number };
  files: UploadedFile[] | null;
  /** Somebody typed. */
  write: (yaml: string) => void;
  /** A whole text takes the place of what is there. */
  load: (yaml: string) => void;
  take: (picked: Iterable<File>) => Promise<void>;
  addFiles: (picked: Iterable<File>) => Promise<void>;
  rename: (path: string, to: string) => void;
  remove: (path: string) => void;
}

export function useBundle(initialYaml: string, keepsFiles: boolean): Bundle {
  const [yaml, write] = useState(initialYaml);
  const [loaded, setLoaded] = useState({ text: initialYaml, revision: 0 });
  const [files, setFiles] = useState<UploadedFile[] | null>(keepsFiles ? null : []);
  const add = (added: UploadedFile[]) => {
    if (added.length > 0) setFiles((before) => mergeFiles(before ?? [], added));
  };
  const load = (text: string) => {
    write(text);
    setLoaded(({ revision }) => ({ text, revision: revision + 1 }));
  };
  return {
    yaml,
    loaded,
    files,
    write,
    load,
    take: async (picked) => {
      const { document, files: others } = sortUploads(await readUploads(picked));
      if (document) load(new TextDecoder().decode(document.bytes));
      add(others);
    },
    addFiles: async (picked) => add(await readUploads(picked)),
    rename: (path, to) => setFiles((before) => before?.map((file) => (file.path === path ? { ...file, path: to } : file)) ?? null),
    remove: (path) => setFiles((before) => before?.filter((file) => file.path !== path) ?? null),
  };
}
