/** Start, stop, restart or check one component on the hosts that carry it, all at once. */
import { changing } from './activities.js';
import { toStepFailure } from './failures.js';
import type { OperateInput, OperateResult } from './shared.js';

export async function operate(input: OperateInput): Promise<Record<string, OperateResult>> {
  const { hosts, component, verb, deploy_id, version, run_id } = input;
  const results = await Promise.all(hosts.map(async (host): Promise<[string, OperateResult]> => {
    try {
      return [host, await changing(host).operate({ deploy_id, version, host, run_id, component, attempt: 1, verb })];
    } catch (error) {
      return [host, { ok: false, detail: toStepFailure(error, host).message }];
    }
  }));
  return Object.fromEntries(results);
}
