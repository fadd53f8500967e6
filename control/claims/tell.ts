/** Clashes with other deploys in words: who has it, where, and what to do. */
import { claimName, nesting } from '../../spec/claims/claim.js';
import { boundedFindings } from '../../spec/document/index.js';
import type { YamlReading } from '../../spec/document/read-yaml.js';
import { MaestroError, type Diagnostic } from '../../spec/errors.js';
import type { Scope } from '../access/index.js';
import { anotherOne, placeOf } from '../documents/clashes.js';
import type { ForeignClash } from './foreign-clashes.js';

const hostsNamed = 3;
/** The errors have them all; these are for programs. */
const detailed = 50;

/** A deploy that is out of sight has neither name nor id, and no components; that something is taken has to be said. */
export const asSeen = (clashes: readonly ForeignClash[], scope: Scope | undefined): ForeignClash[] =>
  clashes.map((clash) => (scope?.deploys.has(clash.holder.deploy_id) === false ? { ...clash, holder: { deploy_id: '', name: '', component: '' } } : clash));

export const foreignFindings = (clashes: readonly ForeignClash[], locate: YamlReading['locate']): Diagnostic[] =>
  boundedFindings(clashes.map((clash) => ({ code: 'conflict', ...placeOf(clash.component, clash.path, locate), message: message(clash), suggested_fix: fix(clash) })));

function message({ claim, held, hosts, holder }: ForeignClash): string {
  const more = hosts.length > hostsNamed ? ` and ${hosts.length - hostsNamed} more` : '';
  const how = nesting(claim, held);
  const verb = claim.kind === 'volume' ? 'is also used by' : 'is taken by';
  return `${claimName(claim, held)} on ${hosts.slice(0, hostsNamed).join(', ')}${more} ${verb} ${holder.deploy_id === '' ? 'another deploy' : `the deploy ${holder.name} (${holder.deploy_id}), component ${holder.component}`}${how === '' ? '' : `: ${how}`}`;
}

function fix({ claim, holder: { name } }: ForeignClash): string {
  const other = anotherOne[claim.kind].replace(/\.$/, '');
  return claim.kind === 'volume' ? `${other}, unless both are meant to share its data.` : name === '' ? `${other}.` : `${other}, or change or delete the deploy ${name} first.`;
}

/** Every clash at its place. */
export function foreignConflict(clashes: readonly ForeignClash[], locate: YamlReading['locate']): MaestroError {
  const errors = foreignFindings(clashes, locate);
  const [first] = errors;
  const others = errors.length > 1 ? `; ${errors.length - 1} more of what it needs ${errors.length === 2 ? 'is' : 'are'} taken as well` : '';
  return new MaestroError('conflict', `${first?.message ?? ''}${others}`, { fix: first?.suggested_fix, errors, details: { clashes: clashes.slice(0, detailed).map(detail) } });
}

const detail = ({ component, hosts, claim, held, holder }: ForeignClash): object =>
  ({ what: claimName(claim, held), hosts: hosts.slice(0, detailed), component, deploy_id: holder.deploy_id, deploy_name: holder.name, deploy_component: holder.component });
