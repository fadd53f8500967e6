/** Many templates in one document, each in a string or in a file; each has its own answer, and none spoils that of another. */
import { validateBundle, type BundleContents, type Validation } from '../../control/documents/validate.js';
import { sha256Hex } from '../../spec/hash.js';
import { answered, brokenPromises, leaks } from './guarantees.js';

export interface TemplateCase { index: number; text: string }
export interface CheckedTemplates { accepted: number; stopped: number; ms: number; broken: { index: number; what: string }[] }

const shared = {
  'part.txt': 'part of {{ name }}', 'base.j2': '[{% block body %}default{% endblock %}{% block b %}{% endblock %}]',
  'lib.j2': '{% macro m(x) %}<{{ x }}>{% endmacro %}{% macro line(k, v="none") %}{{ k }}={{ v }}{% endmacro %}',
};

/** What takes too long is ended, and with it its document: the others are asked again without it. `beat` says that there is life. */
export async function checkTemplates(cases: readonly TemplateCase[], beat: () => void): Promise<CheckedTemplates> {
  const bundle = bundleOf(cases);
  beat();
  const { answer, ms, broken } = await answered(() => validateBundle(bundle.document, bundle.contents, { deployId: 'dpl_1', version: 1, env: { REGION: 'eu' } }));
  if (answer !== null) broken.push(...judged(bundle, answer));
  if (broken.length > 0) return blamed(cases, { ms, broken }, beat);
  const errors = answer?.errors ?? [];
  const stopped = errors.find(({ message }) => isStop(message));
  // When it was the sum of all, any of them may go.
  const culprit = stopped === undefined ? undefined : bundle.places.get(stopped.path) ?? cases[0];
  if (culprit === undefined) return { accepted: cases.length - new Set(errors.map(({ path }) => path)).size, stopped: 0, ms, broken: [] };
  const others = cases.filter((one) => one !== culprit);
  const rest = await checkTemplates(others, beat);
  return { ...rest, stopped: rest.stopped + 1, ms: Math.max(ms, rest.ms) };
}

const isStop = (message: string): boolean => message.startsWith('the template was stopped');
const lastPath = 'components.web.run.env.LAST';

/** Which of them it was; of several that break a promise only together, all are told. */
async function blamed(cases: readonly TemplateCase[], { ms, broken }: { ms: number; broken: string[] }, beat: () => void): Promise<CheckedTemplates> {
  const together = broken.map((what) => ({ index: cases[0]?.index ?? 0, what: `${cases.length > 1 ? `with the ${cases.length - 1} after it: ` : ''}${what}` }));
  if (cases.length < 2) return { accepted: 0, stopped: 0, ms, broken: together };
  const alone: CheckedTemplates[] = [];
  for (const one of cases) alone.push(await checkTemplates([one], beat));
  const guilty = alone.flatMap((checked) => checked.broken);
  return { accepted: 0, stopped: 0, ms, broken: guilty.length > 0 ? guilty : together };
}

interface TemplateBundle { document: string; contents: BundleContents; places: ReadonlyMap<string, TemplateCase> }

function bundleOf(cases: readonly TemplateCase[]): TemplateBundle {
  const strings = cases.filter(({ index }) => index % 2 === 0);
  const files = cases.filter(({ index }) => index % 2 === 1);
  const texts: Record<string, string> = { ...shared, ...Object.fromEntries(files.map(({ text }, at) => [`t${at}.j2`, text])) };
  return {
    document: document(Object.fromEntries(strings.map(({ index, text }) => [`T${index}`, text])), files.map((_, at) => ({ source: `t${at}.j2`, dest: `/etc/t${at}` }))),
    contents: { texts, entries: Object.entries(texts).map(([path, text]) => ({ path, sha256: sha256Hex(text), size: Buffer.byteLength(text), mode: 0o644 })) },
    places: new Map([
      ...strings.map((one): [string, TemplateCase] => [`components.web.run.env.T${one.index}`, one]),
      ...files.map((one, at): [string, TemplateCase] => [`components.web.config.templates[${at}].source`, one]),
    ]),
  };
}

/** `LAST` is rendered after all others, and is as well as ever. */
const document = (env: Record<string, string>, templates: object[]): string => JSON.stringify({
  api_version: 'maestro/v1', project: 'fuzz', hosts: { h1: { address: '10.0.0.1', tags: ['eu', 'ssd'] } },
  components: { web: {
    source: { type: 'docker', image: 'nginx' }, run: { type: 'docker', container_name: 'the-web', env: { ...env, LAST: '{{ host_id }} {{ vars.name }} {{ range(2) | join }}' } },
    config: { vars: { name: 'shop', list: [3, 'b', null, { k: 1 }], map: { k: 'v', b: [1] }, number: 41 }, templates },
  } },
  deployment: [{ host: 'h1', components: ['web'] }],
});

function judged({ document: text, places }: TemplateBundle, { errors, warnings, rendered }: Validation): string[] {
  const broken = brokenPromises(text, [...errors, ...warnings]);
  const astray = [...errors, ...warnings].filter(({ path, message }) => !places.has(path) && !(path === lastPath && isStop(message)));
  broken.push(...astray.map((one) => `told where no template is: ${JSON.stringify(one)}`));
  const [placement] = rendered?.placements ?? [];
  if (placement !== undefined && placement.run.env['LAST'] !== 'h1 shop 01') broken.push(`a template spoilt another: ${JSON.stringify(placement.run.env['LAST'])}`);
  if (leaks(JSON.stringify([placement?.run.env, ...(rendered?.contents.values() ?? [])])) && !leaks(JSON.stringify([...places.values()]))) broken.push('the inside of the control plane was rendered');
  return broken;
}
