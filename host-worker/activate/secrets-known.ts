/** What is wanted of a placement, for whoever only looks: with the values of its secrets where it has any, so that they can be kept out of what is told. */
import type { DesiredPlacement } from '../../spec/desired.js';
import type { StepReporter } from '../control-plane/step-reporter.js';
import type { PlacementWork } from '../../workflows/shared.js';
import type { HostDeps } from './host-deps.js';

/** Undefined: the control plane has nothing of it. */
export async function withSecretsKnown({ control }: Pick<HostDeps, 'control'>, { run_id, component }: Pick<PlacementWork, 'run_id' | 'component'>, report: StepReporter, signal: AbortSignal): Promise<DesiredPlacement | undefined> {
  const [described] = await control.desired({ run_id, component }, signal);
  const [desired] = described?.digest_key === undefined ? [described] : await control.desired({ run_id, component, content: true }, signal);
  report.keepSecret(desired?.redact ?? []);
  return desired;
}
