/** The hosts of each deploy, kept in rows so that queries can ask for them; they only grow. */
import { documentHosts } from '../../spec/document/index.js';
import type { Db, Tx } from '../database.js';
import { readableDocument } from '../documents/stored-document.js';

export async function keepDeployHosts(tx: Tx, deployId: string, hosts: readonly string[]): Promise<void> {
  await tx.$executeRaw`INSERT INTO deploy_hosts (deploy_id, host) SELECT ${deployId}, host FROM unnest(${[...hosts]}::text[]) AS host ON CONFLICT DO NOTHING`;
}

const deploysAtOnce = 50;

/** For deploys that were made before their hosts were kept. Until then nobody who is narrowed by tags sees them. Repeating it changes nothing. */
export async function fillDeployHosts(db: Db): Promise<number> {
  let filled = 0;
  for (let after = ''; ;) {
    const rows = await db.deploy.findMany({ where: { id: { gt: after }, hosts: { none: {} } }, orderBy: { id: 'asc' }, take: deploysAtOnce, select: { id: true } });
    for (const { id } of rows) {
      const versions = await db.version.findMany({ where: { deploy_id: id }, select: { yaml: true } });
      const hosts = versions.flatMap(({ yaml }) => { const document = readableDocument(yaml); return document === null ? [] : documentHosts(document); });
      await keepDeployHosts(db, id, [...new Set(hosts)]);
      filled += 1;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < deploysAtOnce) return filled;
    after = last.id;
  }
}
