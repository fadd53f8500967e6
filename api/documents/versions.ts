import { listVersions, type DeployHead } from '../../control/deploys/index.js';
import { MaestroError } from '../../spec/errors.js';
import type { PrismaClient } from '../../prisma/client.js';

const namedMax = 20;

/** `wanted`, or the latest; `not_found` that says which versions there are. */
export async function versionOf(db: PrismaClient, deploy: DeployHead, wanted: number | undefined): Promise<number> {
  if (wanted === undefined || wanted === deploy.latest_version) return deploy.latest_version;
  const found = await db.version.findUnique({ where: { deploy_id_number: { deploy_id: deploy.deploy_id, number: wanted } }, select: { number: true } });
  if (found !== null) return found.number;
  const { items, next_cursor: more } = await listVersions(db, deploy.deploy_id, { limit: namedMax });
  const newest = items.map(({ number }) => `v${number}`).reverse();
  const there = more !== null ? `v1 … ${newest.join(', ')}` : newest.join(', ');
  throw new MaestroError('not_found', `${deploy.name} has no version ${wanted}; there ${newest.length === 1 ? 'is' : 'are'} ${there}`, {
    fix: `Use version ${deploy.latest_version}, or submit a new one.`,
    details: { version: wanted, latest_version: deploy.latest_version },
  });
}
