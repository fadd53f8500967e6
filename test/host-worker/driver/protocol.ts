/** What a test asks the driver on a host, and what it answers. */
import type { OperateVerb } from '../../../workflows/shared.js';

export interface DriverWork { deploy_id: string; version: number; host: string; run_id: string; component?: string; attempt?: number; verb?: OperateVerb; duration_ms?: number; hold_switch?: boolean; take_back?: boolean }
export interface DriverCall { activity: 'observe' | 'prepare' | 'activate' | 'operate' | 'verify' | 'prune'; work: DriverWork }

export interface DriverRequest {
  node: string;
  url: string;
  state: string;
  /** Run side by side. */
  calls: DriverCall[];
  /** Run this often, one after the other, in the same process. */
  rounds?: number;
  cancel_after_ms?: number;
  /** Afterwards, what a worker does all the time is done this long: it looks after published ports. */
  keep_ms?: number;
  /** The cancellation is one of a worker that goes down. */
  leave?: boolean;
}

export type DriverAnswer =
  | { ended: 'well'; results: unknown[]; durations_ms: number[] }
  | { ended: 'failed'; type: string; message: string; final: boolean; failure: unknown }
  | { ended: 'cancelled'; message: string };
