'use client';

import { Modal } from '@mantine/core';
import { Answer } from '../../ui/answer.js';
import { uiWords } from '../../ui/words.js';
import { useVersion } from './queries.js';
import { versionsWords } from './words.js';
import { VersionReader } from './version-reader.js';

function Content({ deployId, number }: { deployId: string; number: number }) {
  return <Answer of={useVersion(deployId, number)}>{(version) => <VersionReader version={version} />}</Answer>;
}

/** One version to read, over the page; `number` null: closed. */
export function VersionDialog({ deployId, number, onClose }: { deployId: string; number: number | null; onClose: () => void }) {
  return (
    <Modal opened={number !== null} onClose={onClose} size="xl" title={number === null ? '' : versionsWords.dialogTitle(number)} closeButtonProps={{ 'aria-label': uiWords.close }}>
      {number !== null && <Content deployId={deployId} number={number} />}
    </Modal>
  );
}
