/** Small documents for tests of the storage. */
import { systemActor, type Actor } from '../../control/actor.js';
import type { Db } from '../../control/database.js';
import { createDeploy } from '../../control/deploys/index.js';

export const actor: Actor = { ...systemActor, kind: 'user', id: 'usr_test', name: 'tess' };

/** `web` waits for `db`, on one host. */
export const twoComponents = (project = 'shop', tag = '1.27-alpine'): string => `# kept as written
api_version: maestro/v1
project: ${project}
description: A shop
hosts:
  web-01: { address: 10.0.0.1 }
components:
  db:
    source: { type: docker, image: postgres, tag: "16" }
    run: { type: docker, container_name: ${project}-db }
  web:
    source: { type: docker, image: nginx, tag: "${tag}" }
    run: { type: docker, container_name: ${project}-web }
    depends_on: [db]
deployment:
  - host: web-01
    components: [db, web]
`;

/** `components` on every one of `hosts`, in parallel. */
export const manyPlacements = (hosts: number, components: number, project = 'fleet'): string => {
  const names = (count: number, of: string): string[] => Array.from({ length: count }, (_, index) => `${of}-${String(index + 1).padStart(2, '0')}`);
  return [
    'api_version: maestro/v1', `project: ${project}`, 'hosts:',
    ...names(hosts, 'host').map((host) => `  ${host}: {}`),
    'components:',
    ...names(components, 'app').map((name) => `  ${name}: { source: { type: docker, image: nginx }, run: { type: docker, container_name: ${name} } }`),
    'deployment:', `  - hosts: [${names(hosts, 'host').join(', ')}]`, `    components: [${names(components, 'app').join(', ')}]`, '    strategy: parallel', '',
  ].join('\n');
};

export async function shop(db: Db, project = 'shop'): Promise<string> {
  const { deploy_id } = await createDeploy(db, actor, { yaml: twoComponents(project), files: [] });
  return deploy_id;
}
