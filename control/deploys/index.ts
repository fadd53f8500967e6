export { bundleLimits, bundlePath, type BundleFile } from './bundle.js';
export { loadBlob, loadBundle, type LoadedBundle, type LoadedFile } from './load-bundle.js';
export { loadContent, type Content, type OneComponent } from './content.js';
export { deployState, type DeployState } from './state.js';
export { createDeploy, submitVersion, type CreateDeployRequest, type Submitted, type SubmitVersionRequest } from './submit.js';
export { loadVersionKey, openVersionSeals, sealVersionsWith, verifyVersions, type VersionFlaw } from './version-seals.js';
export { tombstoneDeploy } from './tombstone.js';
export { findDeploy, getDeploy, getVersion, listDeploys, listVersions, type DeployHead, type DeploySummary, type DeployView, type LastRollout, type VersionSummary, type VersionView } from './views.js';
