export { artifactSizes, deleteArtifact, getArtifact, listArtifacts, sweepArtifacts, uploadArtifact, type ArtifactView } from './services.js';
export { FolderStore, type ArtifactStore } from './store.js';
