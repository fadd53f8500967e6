/** Of payloads, everything that validation takes for text and that would reach a host, as placements of one document. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { sha256Hex } from '../../spec/hash.js';
import { validated } from '../rendering/bundle.js';
import type { Payload } from './payloads.js';
import { addresses, attacked, declaredPrograms, document, files, vault } from './scene.js';
import { type Field, nameOf, schemaFields } from './schema-fields.js';

export interface Accepted { payload: Payload; field: string; text: string; placement: DesiredPlacement }

interface Candidate { id: string; payload: Payload; field: Field; text: string; component: object; plain: object }

/** Fields of components alone, and of those what is data; an address that is one is asked, as it says. */
const reaching = schemaFields().filter((field) => field[0] === 'components' && field[1] === '*' && !declaredPrograms.has(nameOf(field)));

function candidates(payload: Payload, slot: number): Candidate[] {
  return reaching.flatMap((field, index) => {
    if (payload.kind === 'url' && addresses.has(nameOf(field))) return [];
    const [plain] = attacked(field, 'x');
    if (plain === undefined) return [];
    return attacked(field, payload.text).map(({ text, document: written }, dress) => {
      const [component = {}] = Object.values((written as { components: Record<string, object> }).components);
      return { id: `s${String(slot)}-f${String(index)}-${String(dress)}`, payload, field, text, component, plain: plainComponent(plain.component) };
    });
  });
}

const plainComponent = (id: string): object => Reflect.get((document() as { components: object }).components, id) as object;

const roundsMax = 8;

/** Without what is refused: validation names the component. */
async function withoutRefused(all: readonly Candidate[]): Promise<{ left: Candidate[]; placements: DesiredPlacement[]; contents: ReadonlyMap<string, string> }> {
  let left = [...all];
  for (let round = 0; round < roundsMax && left.length > 0; round += 1) {
    const { ok, errors, rendered } = await render(left, ({ component }) => component);
    if (ok && rendered !== null) return { left, placements: rendered.placements, contents: rendered.contents };
    const refused = new Set(errors.map(({ path }) => /^components\.(s\d+-f\d+-\d+)(?:[.[]|$)/.exec(path)?.[1]));
    const kept = left.filter(({ id }) => !refused.has(id));
    if (kept.length === left.length) throw new Error(`refused, and not for one of its components: ${JSON.stringify(errors.slice(0, 3))}`);
    left = kept;
  }
  return { left: [], placements: [], contents: new Map() };
}

const render = (of: readonly Candidate[], component: (candidate: Candidate) => object) =>
  validated(JSON.stringify(document(Object.fromEntries(of.map((candidate) => [candidate.id, component(candidate)])))), files, {}, vault);

const comparable = ({ hash: _, version: __, ...rest }: DesiredPlacement): string => JSON.stringify(rest);

/** `deployId` is theirs; each payload has a slot of its own, so that the same field of another one is another component. */
export async function acceptedOf(chosen: readonly Payload[], deployId: string, version: number): Promise<Accepted[]> {
  const named = await Promise.all(chosen.map((payload, slot) => acceptedProject(payload, slot, deployId, version)));
  const ofComponents: Accepted[] = [];
  for (const part of inDocuments(chosen.flatMap(candidates))) ofComponents.push(...(await acceptedIn(part, deployId, version)));
  return [...named.flat(), ...ofComponents];
}

/** A document has at most 1 MiB. */
const bytesMax = 500_000;

function inDocuments(all: readonly Candidate[]): Candidate[][] {
  const parts: Candidate[][] = [[]];
  let bytes = 0;
  for (const candidate of all) {
    const size = Buffer.byteLength(JSON.stringify(candidate.component));
    if (bytes + size > bytesMax) parts.push([]);
    bytes = bytes + size > bytesMax ? size : bytes + size;
    parts.at(-1)?.push(candidate);
  }
  return parts;
}

async function acceptedIn(candidatesOfOne: readonly Candidate[], deployId: string, version: number): Promise<Accepted[]> {
  const { left, placements, contents } = await withoutRefused(candidatesOfOne);
  if (left.length === 0) return [];
  const plain = await render(left, (candidate) => candidate.plain);
  const before = new Map(plain.rendered?.placements.map((placement) => [placement.component, comparable(placement)]));
  return left.flatMap(({ id, payload, field, text }) => {
    const placement = placements.find(({ component }) => component === id);
    // What makes no difference is nothing that a host could do.
    if (placement === undefined || comparable(placement) === before.get(id)) return [];
    return [{ payload, field: nameOf(field), text, placement: { ...withContents(placement, contents), deploy_id: deployId, version } }];
  });
}

/** The one field outside of components that comes to a host: units are described by it. */
async function acceptedProject(payload: Payload, slot: number, deployId: string, version: number): Promise<Accepted[]> {
  const written = { ...document({ [`s${String(slot)}-project`]: plainComponent('unit') }), project: payload.text };
  const { ok, rendered } = await validated(JSON.stringify(written), files, {}, vault);
  const [placement] = ok ? rendered?.placements ?? [] : [];
  return placement === undefined || rendered === null ? [] : [{ payload, field: 'project', text: payload.text, placement: { ...withContents(placement, rendered.contents), deploy_id: deployId, version } }];
}

function withContents(placement: DesiredPlacement, contents: ReadonlyMap<string, string>): DesiredPlacement {
  const bySha = new Map([...Object.values(files).map((text): [string, string] => [sha256Hex(text), text]), ...contents]);
  return { ...placement, files: placement.files.map((file) => ({ ...file, content: Buffer.from(bySha.get(file.sha256) ?? '').toString('base64') })) };
}
