/** The part of the REST table that the pages call, in the shape openapi-fetch reads. */
import type { Deploy, DeployBrief, Me, Node, Page, Plan, Rollout, RolloutStarted, Submission, Validation, Version } from './types.js';

type Json<Answer> = { content: { 'application/json': Answer } };
type Responses<Answer> = { 200: Json<Answer>; default: Json<unknown> };
interface Parameters<Path, Query> { path: Path; query?: Query }
interface Get<Answer, Path = undefined, Query = undefined> { get: { parameters: Path extends undefined ? { query?: Query } : Parameters<Path, Query>; responses: Responses<Answer> } }
interface Post<Body, Answer, Path = undefined, Query = undefined> {
  post: { parameters: Path extends undefined ? { query?: Query } : Parameters<Path, Query>; requestBody: Json<Body>; responses: Responses<Answer> };
}
interface ById { id: string }
interface ByVersion extends ById { n: number }
interface RolloutAnswer { rollout_id: string; state: string }

export interface paths {
  '/api/auth/me': Get<Me>;
  '/api/auth/setup-admin': Get<{ needed: boolean }> & Post<{ username: string; password: string }, unknown>;
  '/api/auth/login': Post<{ username: string; password: string }, unknown>;
  '/api/auth/logout': Post<Record<string, unknown>, unknown>;
  '/api/deploys': Get<Page<DeployBrief>, undefined, { limit?: number; cursor?: string }> & Post<Submission & { name?: string }, { deploy_id: string; version: number }>;
  '/api/deploys/{id}': Get<Deploy, ById> & { delete: { parameters: { path: ById }; responses: Responses<unknown> } };
  '/api/deploys/{id}/versions': Post<Submission & { expected_version: number }, { deploy_id: string; version: number }, ById>;
  '/api/deploys/{id}/versions/{n}': Get<Version, ByVersion>;
  '/api/deploys/{id}/validate': Post<Submission, Validation, ById>;
  '/api/deploys/{id}/diff': Post<{ version: number }, Plan, ById>;
  '/api/deploys/{id}/apply': Post<{ version: number; plan_id?: string }, RolloutStarted, ById>;
  '/api/deploys/{id}/rollback/{n}': Post<Record<string, unknown>, Plan | RolloutStarted, ByVersion, { dry_run?: boolean }>;
  '/api/validate': Post<Submission, Validation>;
  '/api/rollouts/{id}': Get<Rollout, ById>;
  '/api/rollouts/{id}/retry': Post<{ step?: string }, RolloutAnswer, ById>;
  '/api/rollouts/{id}/resume': Post<Record<string, unknown>, RolloutAnswer, ById>;
  '/api/rollouts/{id}/skip': Post<{ step: string; note: string }, RolloutAnswer, ById>;
  '/api/rollouts/{id}/abort': Post<Record<string, unknown>, RolloutAnswer, ById>;
  '/api/rollouts/{id}/log': { get: { parameters: Parameters<ById, { format?: 'ndjson' | 'text' }>; responses: { 200: { content: { 'application/x-ndjson': string } }; default: Json<unknown> } } };
  '/api/nodes': Get<Page<Node>>;
}
