'use client';

import { Radio, Stack, Text } from '@mantine/core';
import type { Grants } from '../../api/types.js';
import { roles, type Role } from '../../api/words.js';
import { NarrowingFields } from '../access/narrowing-fields.js';
import { userWords as words } from './words.js';

interface RoleFieldsProps { role: Role; grants: Grants; onRole: (role: Role) => void; onGrants: (grants: Grants) => void; /** Why the role has to stay as it is. */ locked?: string | undefined }

const isRole = (text: string): text is Role => roles.some((one) => one === text);

/** The role, and what narrows it; nothing narrows an administrator. */
export function RoleFields({ role, grants, onRole, onGrants, locked }: RoleFieldsProps) {
  return (
    <Stack gap="md">
      <Radio.Group label={words.role} value={role} onChange={(value) => { if (isRole(value)) onRole(value); }}>
        <Stack gap="xs" mt={4}>
          {roles.map((one) => <Radio key={one} value={one} label={words.roles[one]} description={words.roleHints[one]} disabled={locked !== undefined && one !== role} />)}
        </Stack>
      </Radio.Group>
      {locked !== undefined && <Text size="sm">{locked}</Text>}
      {role !== 'admin' && <NarrowingFields value={grants} onChange={onGrants} />}
    </Stack>
  );
}
