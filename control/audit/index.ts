export { appendAudit, recordAudit, type AuditInput } from './append.js';
export { listAudit, verifyAudit, type AuditVerdict, type AuditView } from './views.js';
