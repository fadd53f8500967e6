'use client';

import { ActionIcon, Menu, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import { Check, Monitor, Moon, Sun, type LucideIcon } from 'lucide-react';
import { schemeWords } from './words.js';

const schemes: readonly [MantineColorScheme, LucideIcon][] = [['auto', Monitor], ['light', Sun], ['dark', Moon]];

export function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const mounted = useMounted();
  const chosen = mounted ? colorScheme : 'auto';
  const Icon = schemes.find(([scheme]) => scheme === chosen)?.[1] ?? Monitor;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={`${schemeWords.label}: ${schemeWords[chosen]}`}><Icon size={18} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(([scheme, SchemeIcon]) => (
          <Menu.Item key={scheme} leftSection={<SchemeIcon size={16} aria-hidden />} rightSection={scheme === chosen ? <Check size={16} aria-hidden /> : undefined} onClick={() => setColorScheme(scheme)}>
            {schemeWords[scheme]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
