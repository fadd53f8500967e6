/** The login for a component's source, by its name: whose secret it is, and where alone it may go. Its value is not known here. */
import type { DesiredPlacement, SourceCredential } from '../desired.js';
import type { Component } from '../document/index.js';
import { wholeMark } from '../secrets/marks.js';
import { type Origin, originOfImage, originOfRepo } from '../secrets/origin.js';
import type { DigestText } from './environment.js';
import type { ReportProblem } from './problems.js';

const path = ['source', 'credentials_ref'];

/** What it is for; null: such a source takes none. */
export function credentialOrigin({ source }: Component): Origin | null {
  if (source?.type === 'git') return originOfRepo(source.repo);
  return source?.type === 'docker' ? originOfImage(source.image) : null;
}

/** Nothing of what is written is told: somebody may have written the login itself. */
export function resolveCredential(component: Component, run: DesiredPlacement['run'], digest: DigestText, report: ReportProblem): { credential?: SourceCredential } {
  const { source } = component;
  const written = source !== undefined && 'credentials_ref' in source ? source.credentials_ref : undefined;
  // What is empty was wrong, and told as such.
  if (written === undefined || written === '') return {};
  const wrong = (message: string, fix: string): Record<string, never> => {
    report({ path, message, fix });
    return {};
  };
  if (wholeMark(written) === null) return wrong('credentials_ref is not the reference to a secret', 'Set the login in the vault, and write vault://team/name or {{ vault://team/name }} here, with nothing else.');
  const origin = credentialOrigin(component);
  if (origin === null) return wrong('a folder of the host asks for no login', 'Remove credentials_ref, or fetch over https or ssh.');
  if (source?.type === 'docker' && run.type === 'docker' && originOfImage(run.image).name !== origin.name) {
    return wrong(`the login is for ${origin.name}, and run.image is pulled from ${originOfImage(run.image).name}`, 'Name the image in source.image and source.tag, and leave out run.image.');
  }
  return { credential: { origin: origin.name, digest: digest(written).sha256 } };
}
