import { z } from 'zod';

import { isSecretPath } from '../../spec/secrets/references.js';

export { isSecretPath } from '../../spec/secrets/references.js';

export const secretPath = z.string().refine(isSecretPath, { error: 'must be names parted by "/", each of letters, digits, ".", "_" and "-", at most 255 characters' })
  .describe('What stands behind vault:// in a document: prod/db/password');
