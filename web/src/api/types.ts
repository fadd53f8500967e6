/** The API's answers by the names the pages use; generated from its OpenAPI document at set-up. */
import type { components } from './schema.js';
import type { EventType } from './words.js';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type DeployBrief = Schemas['DeployItem'];
export type DeployState = DeployBrief['state'];
export type Deploy = Schemas['Deploy'];
export type VersionBrief = Schemas['VersionItem'];
export type PlacementState = Schemas['PlacementState'];
export type Version = Schemas['Version'];
export type Validation = Schemas['Validation'];
export type Plan = Schemas['Plan'];
export type PlanHost = Plan['hosts'][number];
export type PlacementPlan = Schemas['PlacementPlan'];
export type PlacementOperation = PlacementPlan['operations'][number];
export type RolloutBrief = Schemas['RolloutSummary'];
export type Rollout = Schemas['Rollout'];
export type Step = Schemas['RolloutStep'];
export type Node = Schemas['Node'];
export type NodeDetail = Schemas['NodeDetail'];
export type Enrollment = Schemas['Enrollment'];
export type EnrollmentCreated = Schemas['EnrollmentCreated'];
export type EnrollmentDetail = Schemas['EnrollmentDetail'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditVerdict = Schemas['AuditVerdict'];
export type User = Schemas['User'];
export type Grants = Schemas['Grants'];
export type OneTimePassword = Schemas['OneTimePassword'];
export type ApiKey = Schemas['Key'];
export type ApiKeyCreated = Schemas['KeyCreated'];
export type Secret = Schemas['Secret'];

/** One entry of the event log; `data` is parsed where it is used. */
export interface Event {
  id: number;
  type: EventType;
  ts: string;
  deploy_id?: string | null | undefined;
  rollout_id?: string | null | undefined;
  host?: string | null | undefined;
  component?: string | null | undefined;
  data: unknown;
}
