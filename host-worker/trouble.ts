/**
 * The two ways in which work on a host fails: a MaestroError says that repeating it as it is would fail again;
 * PassingTrouble says that the surroundings were away (control plane, Docker daemon) and that repeating will do.
 */
import { MaestroError } from '../spec/errors.js';

export class PassingTrouble extends Error {
  override readonly name = 'PassingTrouble';
}

/** The worker is going down: stop where we are and leave the marks for whoever repeats. */
export class LeftForRepeat extends Error {
  override readonly name = 'LeftForRepeat';
}

/** A newer attempt was announced: stop where we are, it settles what we leave. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

const has = <Key extends string>(value: unknown, key: Key): value is Record<Key, unknown> => typeof value === 'object' && value !== null && key in value;

/** By shape and not by class: errors may come from another realm. */
export const messageOf = (error: unknown): string => (has(error, 'message') && typeof error.message === 'string' ? error.message : String(error));

/** The `code` of a system error (`ENOENT`, `ECONNREFUSED`…), or of its cause. */
export function systemCode(error: unknown): string | null {
  if (has(error, 'code') && typeof error.code === 'string') return error.code;
  return has(error, 'cause') ? systemCode(error.cause) : null;
}

export const isMissing = (error: unknown): boolean => systemCode(error) === 'ENOENT';

/** What failed on disk, as something a person can act on; a full disk is by far the most frequent. */
export function fileTrouble(path: string, doing: string, error: unknown): MaestroError {
  if (error instanceof MaestroError) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new MaestroError('runtime_error', `no space left on the device while ${doing} ${path}; what was there is intact`, {
      fix: `Free space on the file system that holds ${path} and retry.`, details: { path, reason: 'disk_full' }, cause: error,
    });
  }
  return new MaestroError('runtime_error', `${doing} ${path} failed: ${code ?? messageOf(error)}`, {
    fix: `Look at ${path} on the host (permissions, read-only file system) and retry.`, details: { path, reason: code ?? 'unknown' }, cause: error,
  });
}
