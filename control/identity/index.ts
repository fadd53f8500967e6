export { openAuthorities, type Authorities, type TaskKey } from './authority.js';
export { certificateDigest, certifiedHost, keyDigest, makeServerCertificate, type CertifiedHost } from './certificates.js';
export { createEnrollment, listEnrollments, longestTtlSeconds, mostUses, revokeEnrollment, standardTtlSeconds, type EnrollmentRequest, type EnrollmentView } from './enrollments.js';
export { currentHosts, enrollHost, hostsChannel, renewHost, revokeNode, type Credentials, type EnrollRequest, type HostIdentity } from './hosts.js';
