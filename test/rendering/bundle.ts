/** Bundles for tests: a document and the files beside it, validated as submit and apply do it. */
import { validateBundle, type BundleContents, type Validation } from '../../control/documents/validate.js';
import { noSources } from '../../control/rendering/credentials.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { Diagnostic } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import { expectOnly, marked, type Expected } from '../spec/marked.js';

export type Files = Readonly<Record<string, string>>;

export const contentsOf = (files: Files): BundleContents => ({
  entries: Object.entries(files).map(([path, text]) => ({ path, sha256: sha256Hex(text), size: Buffer.byteLength(text), mode: 0o644 })), texts: files,
});

/** The one artifact that is there. */
export const knownArtifact = '0123456789abcdef'.repeat(4);

/** `vault`: the values of secrets by path. */
export const validated = (text: string, files: Files = {}, env: Readonly<Record<string, string>> = {}, vault: Readonly<Record<string, string>> = {}): Promise<Validation> =>
  validateBundle(text, contentsOf(files), { deployId: 'dpl_1', version: 1, env, artifacts: (sha256s) => Promise.resolve(new Map(sha256s.filter((sha256) => sha256 === knownArtifact).map((sha256) => [sha256, 1024]))), secrets: { ...noSources, vault: new Map(Object.entries(vault).map(([path, value]) => [path, { version: 1, value }])) } });

/** The placements of a document that is right. */
export async function placementsOf(text: string, files: Files = {}, env: Readonly<Record<string, string>> = {}, vault: Readonly<Record<string, string>> = {}): Promise<DesiredPlacement[]> {
  const { ok, errors, rendered } = await validated(text, files, env, vault);
  expect({ ok, errors }).toEqual({ ok: true, errors: [] });
  return rendered?.placements ?? [];
}

export async function expectInvalid(text: string, expected: Expected, files: Files = {}, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const place = marked(text);
  expectOnly((await validated(place.text, files, env)).errors, place, expected);
}

interface Written { env?: Record<string, string>; vars?: Record<string, unknown>; secrets?: Record<string, string>; hosts?: string[]; component?: object; run?: object; others?: object }

/** A document with one component that is rendered for each host; `env` is where its templates stand. */
export const document = ({ env = {}, vars = {}, secrets = {}, hosts = ['h1'], component = {}, run = {}, others = {} }: Written): string => JSON.stringify({
  api_version: 'maestro/v1', project: 'shop',
  hosts: Object.fromEntries(hosts.map((id, index) => [id, { address: `10.0.0.${index + 1}`, user: 'deploy', tags: ['ssd', 'eu'] }])),
  components: { web: { source: { type: 'docker', image: 'nginx', tag: '1.27' }, config: { vars, secrets }, run: { type: 'docker', container_name: 'the-web', env, ...run }, ...component }, ...others },
  deployment: [{ hosts, components: ['web', ...Object.keys(others)], strategy: 'parallel' }],
});

/** What one expression gives in a string of the document. */
export async function valueOf(expression: string, written: Written = {}, files: Files = {}, env: Readonly<Record<string, string>> = {}): Promise<string | undefined> {
  const [placement] = await placementsOf(document({ ...written, env: { A: expression } }), files, env);
  return placement?.run.env['A'];
}

/** What a template file gives, as the host will get it. */
export async function fileOf(template: string, written: Written = {}, files: Files = {}): Promise<string | undefined> {
  const { errors, rendered } = await validated(withTemplate(written), { ...files, 't.j2': template });
  expect(errors).toEqual([]);
  return rendered?.contents.get(rendered.placements[0]?.files[0]?.sha256 ?? '');
}

export const withTemplate = (written: Written = {}): string => {
  const config = { vars: written.vars ?? {}, secrets: written.secrets ?? {}, templates: [{ source: 't.j2', dest: '/etc/t' }] };
  return document({ ...written, component: { ...written.component, config } });
};

/** The messages about one string, or about the template file. */
export async function complaintsOf(expression: string, written: Written = {}): Promise<string[]> {
  const { errors } = await validated(document({ ...written, env: { A: expression } }));
  return messagesAt(errors, 'components.web.run.env.A');
}

export async function fileComplaints(template: string, written: Written = {}, files: Files = {}): Promise<string[]> {
  const { errors } = await validated(withTemplate(written), { ...files, 't.j2': template });
  return messagesAt(errors, 'components.web.config.templates[0].source');
}

function messagesAt(errors: readonly Diagnostic[], path: string): string[] {
  for (const error of errors) expect(error).toMatchObject({ code: 'validation_error', path, suggested_fix: expect.stringMatching(/\S+ \S+/) as string });
  return errors.map(({ message }) => message);
}
