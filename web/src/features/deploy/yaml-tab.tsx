'use client';

import { Button, Group, Stack, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import type { Deploy, Version } from '../../api/types.js';
import { Answer } from '../../ui/answer.js';
import { CopyButton } from '../../ui/copy-button.js';
import { GuardedButton } from '../session/guarded-button.js';
import { useVersion } from './queries.js';
import { VersionEditor } from './version-editor.js';
import { VersionReader } from './version-reader.js';
import { yamlWords as words } from './words.js';

function Latest({ version, onEdit }: { version: Version; onEdit: () => void }) {
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Title order={2} size="h4">{words.version(version.number)}</Title>
        <GuardedButton right="deploy.write" size="compact-md" leftSection={<Pencil size={14} aria-hidden />} onClick={onEdit}>{words.edit}</GuardedButton>
        <CopyButton text={version.yaml} label={words.copy} />
      </Group>
      <VersionReader version={version} />
    </Stack>
  );
}

/** The latest version; editing starts from the one that is shown, whatever is submitted meanwhile. */
export function YamlTab({ deploy }: { deploy: Deploy }) {
  const [editing, edit] = useDisclosure(false);
  const [base, setBase] = useState(deploy.latest_version);
  const shown = editing ? base : deploy.latest_version;
  const version = useVersion(deploy.deploy_id, shown);
  const start = () => {
    setBase(deploy.latest_version);
    edit.open();
  };
  return (
    <Answer of={version}>
      {(data) => (editing
        ? <VersionEditor deploy={deploy} base={data} onClose={edit.close} discard={<Button variant="default" onClick={edit.close}>{words.stop}</Button>} />
        : <Latest version={data} onEdit={start} />)}
    </Answer>
  );
}
