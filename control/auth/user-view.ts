import type { User } from '../../prisma/generated/client.js';
import { rightsOfRole, type Right, type Role } from '../../spec/words.js';
import { readGrants, type Grants } from '../access/index.js';

export interface Credentials { username: string; password: string }
export interface UserView {
  user_id: string;
  username: string;
  role: Role;
  rights: readonly Right[];
  /** What narrows the role. */
  grants: Grants;
  disabled: boolean;
  /** Nothing can be done before the password is changed. */
  must_change_password: boolean;
  created_at: string;
}

export const userView = ({ id, username, role, grants, disabled_at, must_change_password, created_at }: User): UserView => ({
  user_id: id, username, role, rights: rightsOfRole[role], grants: role === 'admin' ? {} : readGrants(grants),
  disabled: disabled_at !== null, must_change_password, created_at: created_at.toISOString(),
});
