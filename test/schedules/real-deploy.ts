/** One deploy on real hosts: its versions, what stands of it, and the rollouts that a change brings about. */
import { gz, tar } from '../archives/make.js';
import type { Rollout } from '../rollouts/api-client.js';
import type { PatientApi } from './patient-api.js';
import { documentOf, filesOf, type Content, type Shape } from './real-documents.js';

interface DeployAnswer { active_version: number | null; versions: { number: number; parent: number | null; rollouts: { rollout_id: string }[] }[] }

export class RealDeploy {
  id = '';
  /** What every host was brought to last; null: nothing yet. */
  standing: Content | null = null;
  /** What was submitted last. */
  latest: Content | null = null;
  private readonly told = new Set<string>();

  constructor(private readonly api: PatientApi, readonly shape: Shape) {}

  async submit(content: Content): Promise<void> {
    const body = { yaml: documentOf(this.shape, content), files: { ...encoded(filesOf(this.shape, content)), ...(await archiveOf(this.shape, content)) } };
    const answer = await this.api.ok<{ deploy_id: string; version: number }>('POST', this.id === '' ? '/api/deploys' : `/api/deploys/${this.id}/versions`, body);
    this.id = answer.deploy_id;
    this.latest = content;
  }

  async apply(version?: number): Promise<string> {
    return (await this.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${this.id}/apply`, version === undefined ? {} : { version })).rollout_id;
  }

  /** Applies what is active once more. */
  async applyActive(): Promise<Rollout> {
    const { active_version: active } = await this.api.ok<DeployAnswer>('GET', `/api/deploys/${this.id}`);
    const rollout = await this.api.settled(await this.apply(active ?? undefined));
    this.told.add(rollout.rollout_id);
    return rollout;
  }

  /** The rollouts since it was asked last, the one that takes the other back included, all of them ended or resting. */
  async news(): Promise<Rollout[]> {
    for (let known = -1; ;) {
      const { versions } = await this.api.ok<DeployAnswer>('GET', `/api/deploys/${this.id}`);
      const fresh = versions.flatMap(({ number, rollouts }) => rollouts.map(({ rollout_id: id }) => ({ id, number }))).filter(({ id }) => !this.told.has(id)).sort((a, b) => a.number - b.number);
      // One that is taken back ends with the one that does so.
      const rollouts: Rollout[] = [];
      for (const { id } of fresh) rollouts.push(await this.api.settled(id));
      if (fresh.length === known) {
        for (const { rollout_id: id } of rollouts) this.told.add(id);
        return rollouts;
      }
      known = fresh.length;
    }
  }

  async tearDown(): Promise<Rollout> {
    const { rollout_id: id } = await this.api.ok<{ rollout_id: string }>('DELETE', `/api/deploys/${this.id}?teardown=true`);
    return this.api.settled(id);
  }
}

const encoded = (files: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text).toString('base64')]));

async function archiveOf({ kind }: Shape, { number }: Content): Promise<Record<string, string>> {
  if (kind !== 'built') return {};
  return { 'app.tar.gz': gz(await tar({ name: 'version.txt', content: String(number) })).toString('base64') };
}
