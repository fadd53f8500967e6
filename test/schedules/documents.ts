/** Documents that a schedule plays with: three components on two hosts, in many shapes. */
import type { Random } from './random.js';

export const components = ['db', 'api', 'web'] as const;
export type Component = (typeof components)[number];
export const badImage = 0;

export interface Piece { /** Number of the image; `badImage` dies at once. */ image: number; config: string; page: string }
/** What stays the same over the versions of one schedule. */
export interface Shape {
  project: string;
  hosts: readonly [string, string];
  /** On both hosts, this is the folder's part before `<host>/`. */
  folder: string;
  healthPort: number;
  modes: Readonly<Record<Component, 'cold' | 'hot' | 'blue_green'>>;
  needs: Readonly<Record<Component, readonly Component[]>>;
  strategy: 'sequential' | 'parallel' | 'canary' | 'blue_green';
  onFailure: 'pause' | 'rollback';
  port: number;
}
export type Pieces = Readonly<Record<Component, Piece>>;

export function randomShape(random: Random, fixed: Pick<Shape, 'project' | 'hosts' | 'folder' | 'healthPort'>): Shape {
  const mode = (): 'cold' | 'hot' | 'blue_green' => random.pick(['cold', 'cold', 'hot', 'blue_green'] as const);
  return {
    ...fixed, modes: { db: mode(), api: mode(), web: mode() },
    needs: { db: [], api: random.chance(0.7) ? ['db'] : [], web: random.pick([[], ['api'], ['db'], ['api', 'db']] as const) },
    strategy: random.pick(['sequential', 'parallel', 'parallel', 'canary', 'blue_green'] as const), onFailure: random.pick(['pause', 'pause', 'rollback'] as const), port: random.between(1, 9) * 1_000 + 10_000,
  };
}

export const firstPieces = (): Pieces => ({ db: { image: 1, config: 'one', page: 'one' }, api: { image: 1, config: 'one', page: 'one' }, web: { image: 2, config: 'one', page: 'one' } });

/** At least one component changes; with `bad`, one of those that do dies at its start. */
export function changed(random: Random, before: Pieces, bad: boolean): Pieces {
  const changing = components.filter(() => random.chance(0.6));
  if (changing.length === 0) changing.push(random.pick(components));
  const worst = bad ? random.pick(changing) : undefined;
  const next = (component: Component): Piece => {
    const { image, config, page } = before[component];
    if (component === worst) return { image: badImage, config, page };
    const what = random.pick(['image', 'config', 'page', 'all'] as const);
    return { image: what === 'image' || what === 'all' ? (image % 4) + 1 : image, config: what === 'config' || what === 'all' ? `${config}+` : config, page: what === 'page' || what === 'all' ? `${page}+` : page };
  };
  return { db: changing.includes('db') ? next('db') : before.db, api: changing.includes('api') ? next('api') : before.api, web: changing.includes('web') ? next('web') : before.web };
}

export const imageOf = ({ image }: Piece): string => (image === badImage ? 'bad:2' : `good:${image}`);
export const containerOf = ({ project }: Shape, component: Component): string => `${project}-${component}`;
export const configPath = ({ folder, project }: Shape, host: string, component: Component): string => `${folder}/${host}/srv/${project}-${component}.conf`;
export const sitePath = ({ folder, project }: Shape, host: string, component: Component): string => `${folder}/${host}/srv/${project}-${component}-site`;

export function bundleOf(shape: Shape, pieces: Pieces): { yaml: string; files: Record<string, string> } {
  const files = Object.fromEntries(components.flatMap((id) => [[`${id}.conf`, pieces[id].config], [`${id}/index.html`, pieces[id].page]]).map(([path = '', text = '']) => [path, Buffer.from(text).toString('base64')]));
  const yaml = `api_version: maestro/v1
project: ${shape.project}
hosts: { ${shape.hosts.map((host) => `${host}: {}`).join(', ')} }
components:
${components.map((id, index) => component(shape, id, pieces[id], shape.port + index)).join('')}deployment:
  - hosts: [${shape.hosts.join(', ')}]
    components: [${components.join(', ')}]
    strategy: ${shape.strategy}
    on_failure: ${shape.onFailure}
${shape.strategy === 'canary' ? '    canary: { initial_fraction: 0.5, step_fraction: 0.5, verify_duration: 500ms }\n' : ''}`;
  return { yaml, files };
}

function component(shape: Shape, id: Component, piece: Piece, port: number): string {
  const [image = '', tag = ''] = imageOf(piece).split(':');
  return `  ${id}:
    source: { type: docker, image: ${image}, tag: "${tag}" }
    run: { type: docker, container_name: ${containerOf(shape, id)}, ports: ["${port}:80"], networks: [${shape.project}], env: { CANARY: "{{ vault://schedules/canary }}" } }
    config:
      files:
        - { source: ${id}.conf, dest: "${configPath(shape, '{{ host_id }}', id)}" }
        - { source: ${id}, dest: "${sitePath(shape, '{{ host_id }}', id)}" }
    healthcheck: { type: tcp, port: ${shape.healthPort}, interval: 300ms, start_period: 1s, retries: 3 }
    deploy_mode: ${shape.modes[id]}
    depends_on: [${shape.needs[id].join(', ')}]
`;
}
