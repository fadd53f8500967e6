export { AuditAnchor, keepAnchored, type AnchoredVerdict } from './anchor.js';
export { appendAudit, recordAudit, type AuditInput } from './append.js';
export type { AuditVerdict } from './chain.js';
export { listAudit, verifyAudit, type AuditFilter, type AuditView } from './views.js';
