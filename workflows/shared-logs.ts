/** What crosses the wire for log lines; see shared.ts. */
export const logsWorkflowType = 'logs';

/** `run_id`: the question (`log_…`) that the lines answer. `follow_ms` 0: what there is, and no more. */
export interface LogsWork { deploy_id: string; version: number; host: string; component: string; run_id: string; tail: number; follow_ms: number }
/** `ended`: all was sent; nobody listens any more; as much was sent as is; the time was over. */
export interface LogsResult { lines: number; ended: 'done' | 'left' | 'limit' | 'time' }

export interface LogActivities { tailLogs(work: LogsWork): Promise<LogsResult> }
