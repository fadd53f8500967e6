/** References become marks before a component is rendered; afterwards it is looked where the marks have come to. */
import type { Component } from '../../spec/document/index.js';
import type { Path } from '../../spec/document/path.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { credentialOrigin } from '../../spec/resolve/credential.js';
import { readLogin } from '../../spec/secrets/login.js';
import { wholeMark } from '../../spec/secrets/marks.js';
import { isOrigin } from '../../spec/secrets/origin.js';
import { malformedReference, maySecretStandAt, mentionsSecret, misplacedSecret, secretInClear, type SecretsPlace, strayMarks, withBracedCredential, withSecretMarks } from '../../spec/secrets/references.js';
import type { Credentials } from './credentials.js';
import { hasForeignMark, markNonce, secretsIn, type SecretVersions } from './secret-texts.js';
import { pathKey, renderedParts, templatesIn, withStrings } from './strings.js';

/** The component with marks in place of its references to secrets: the template machine knows no other sign of them. */
export function markSecrets(written: Component, { place, secrets, wrong: unknown }: Credentials): { component: Component; problems: Problem[] } {
  const component = withBracedCredential(written);
  const problems: Problem[] = [];
  const replacements = new Map<string, string>();
  for (const { path, text } of templatesIn(renderedParts(component)).filter((found) => mentionsSecret(found.text))) {
    const { text: marked, secrets: used, wrong } = withSecretMarks(text, markNonce, place.prefix);
    const missing = used.filter((secret) => wrong === null && unknown === null && !secrets.has(secret));
    if (!maySecretStandAt(path)) problems.push(misplacedSecret(path));
    else if (wrong !== null) problems.push(malformedReference(path, wrong));
    else problems.push(...missing.map((secret) => missingSecret(path, secret, place)));
    // What is told already is not looked at any further.
    replacements.set(pathKey(path), maySecretStandAt(path) && wrong === null ? marked : '');
  }
  for (const [name, text] of Object.entries(component.config.secrets)) if (!mentionsSecret(text)) problems.push(secretInClear(['config', 'secrets', name]));
  return { component: withStrings(component, replacements), problems };
}

function missingSecret(path: Path, secret: string, place: SecretsPlace): Problem {
  if (place.kind === 'vault') return { path, message: `there is no secret "${secret}" in the vault`, fix: `Set it (PUT /api/secrets/${secret}), or correct the path.` };
  return { path, message: `there is no secret "${secret.slice(place.prefix.length)}" in ${place.path}`, fix: 'Seal the file anew with it (POST /api/secrets/seal), or correct the path.' };
}

/** What is wrong with the secrets in what was rendered: by way of variables and expressions one could come to stand where it shows, or be cut. */
export function secretProblems({ component, templates }: { component: Component; templates: readonly (string | undefined)[] }, secrets: SecretVersions): Problem[] {
  const broken = (text: string | undefined): boolean => text !== undefined && hasForeignMark(text);
  const { env, type } = component.run;
  return [
    ...strayMarks(component).map(misplacedSecret),
    ...templates.flatMap((text, template) => (broken(text) ? [cutSecret(['config', 'templates', template, 'source'])] : [])),
    ...Object.entries(env).flatMap(([name, text]) => (broken(text) ? [cutSecret(['run', 'env', name])] : [])),
    ...component.build.flatMap((step, index) => Object.entries(step.env).flatMap(([name, text]) => (broken(text) ? [cutSecret(['build', index, 'env', name])] : []))),
    ...(type === 'systemd' ? unitProblems(secrets, env) : []),
    ...credentialProblems(component, secrets),
  ];
}

/** What is in it is looked at here already, so that it is not a host that finds out. */
function credentialProblems(component: Component, secrets: SecretVersions): Problem[] {
  const { source } = component;
  const mark = source !== undefined && 'credentials_ref' in source && source.credentials_ref !== undefined ? wholeMark(source.credentials_ref) : null;
  const secret = mark?.nonce === markNonce ? secrets.get(mark.path) : undefined;
  const origin = credentialOrigin(component);
  if (mark === null || secret === undefined || origin === null) return [];
  const path = ['source', 'credentials_ref'];
  const reading = readLogin(origin.purpose, secret.value);
  if (!reading.ok) return [{ path, message: `the secret "${mark.path}" is no login for ${origin.name}: it is ${reading.wrong}`, fix: reading.fix }];
  if (reading.origin === null || isOrigin(reading.origin, origin)) return [];
  return [{ path, message: `the secret "${mark.path}" is for another place than ${origin.name}`, fix: 'Use the login of this place, or let whoever set the secret set it anew with another origin.' }];
}

/** systemd leaves out such a variable, with nothing but a line in its own log. */
function unitProblems(secrets: SecretVersions, env: Readonly<Record<string, string>>): Problem[] {
  return Object.entries(env).flatMap(([name, text]) => secretsIn(text).filter((path) => controlCharacter.test(secrets.get(path)?.value ?? '')).map((path) =>
    ({ path: ['run', 'env', name], message: `the secret "${path}" has a control character, which systemd does not take in a variable`, fix: 'Set it again without, or write it into a file by a template.' })));
}

const controlCharacter = /[\u0000-\u0008\u000b-\u001f\u007f]/;

const cutSecret = (path: Path): Problem => ({ path, message: 'a secret was taken apart, or a character that is reserved for secrets (U+E000, U+E001) is used', fix: 'Write the secret as a whole, and leave out the two characters.' });
