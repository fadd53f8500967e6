'use client';

import { Button, Tooltip } from '@mantine/core';
import { Plus, WandSparkles } from 'lucide-react';
import Link from 'next/link';
import { useRight } from '../session/me-context.js';
import { sessionWords } from '../session/words.js';
import { wizardPath } from './use-place.js';
import { wizardWords as words } from './words.js';

/** Beside the button for a new deploy: the same, step by step. */
export const NewByWizard = () => <Button component={Link} href={wizardPath({ entry: 'new' })} variant="default" leftSection={<WandSparkles size={16} aria-hidden />}>{words.open}</Button>;

/** On a deploy: the wizard with this deploy filled in; for who cannot save, why not. */
export function AddComponentLink({ deployId }: { deployId: string }) {
  const may = useRight('deploy.write');
  const icon = <Plus size={16} aria-hidden />;
  if (may) return <Button component={Link} href={wizardPath({ entry: 'add-component', deploy: deployId })} variant="default" leftSection={icon}>{words.addComponent}</Button>;
  return (
    <Tooltip label={sessionWords.lacksRight('deploy.write')} events={{ hover: true, focus: true, touch: true }}>
      <Button variant="default" leftSection={icon} data-disabled aria-disabled onClick={(event) => event.preventDefault()}>{words.addComponent}</Button>
    </Tooltip>
  );
}
