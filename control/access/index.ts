export { fillDeployHosts, keepDeployHosts } from './deploy-hosts.js';
export { spendDeployHosts, spendHosts, spendHostsNow } from './host-budget.js';
export { getHostTags, setHostTags, type HostTagsView } from './host-tags.js';
export { grantsSchema, hostTags, isNarrowing, limitsSchema, readGrants, readLimits, type Grants, type Limits } from './narrowing.js';
export { amongDeploys, amongHosts, assertMayCreate, assertMayPlace, assertVisible, hostsOutside, resolveScope, type Scope, type Seen } from './scope.js';
