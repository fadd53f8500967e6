export { authorityMark, openAuthorities, type Authorities, type TaskKey } from './authority.js';
export { certificateDigest, certifiedHost, keyDigest, isIssuedBy, makeServerCertificate, renewableMs, type CertifiedHost } from './certificates.js';
export { createEnrollment, listEnrollments, longestTtlSeconds, mostUses, revokeEnrollment, standardTtlSeconds, type EnrollmentRequest, type EnrollmentView } from './enrollments.js';
export { currentHosts, enrollHost, hostsChannel, renewHost, revokeNode, type Credentials, type EnrollRequest, type HostIdentity, type IssuingAuthorities } from './hosts.js';
export { retireRoot, rotateRoot, viewAuthority, type AuthorityView, type RetireRequest, type RootView, type Waiting } from './rotation.js';
export { rotateTaskKey, type TaskKeyView } from './task-keys.js';
export { noteTrust, type Trust } from './trust.js';
