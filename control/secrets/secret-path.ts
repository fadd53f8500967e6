import { z } from 'zod';

/** `team/app/db-password`: what stands behind `vault://` in a document. */
const segment = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const lengthMax = 255;

export const isSecretPath = (path: string): boolean => path.length <= lengthMax && path.split('/').every((part) => segment.test(part));

export const secretPath = z.string().refine(isSecretPath, { error: 'must be names parted by "/", each of letters, digits, ".", "_" and "-", at most 255 characters' })
  .describe('What stands behind vault:// in a document: prod/db/password');
