/** The host's own look at what it is asked for, whatever the control plane has let through: see spec/host-policy. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { demandsOf } from '../../spec/host-policy/demands.js';
import { refusedDemands } from '../../spec/host-policy/permissions.js';

/** Throws permission_denied. What is allowed came with the placement, as of now. */
export function refuseUnallowed(desired: DesiredPlacement): void {
  const [refused] = refusedDemands(demandsOf(desired), desired.allowed ?? []);
  if (refused === undefined) return;
  const why = refused.needs === 'never' ? 'which nobody can allow' : `and ${refused.needs} is not allowed on ${desired.host}`;
  throw new MaestroError('permission_denied', `${desired.component} asks for ${refused.what}, ${why}`, {
    fix: refused.needs === 'never' ? 'Use another place.' : `Do without it, or ask an administrator to allow ${refused.needs} on this node, and retry.`, details: { needs: refused.needs },
  });
}
