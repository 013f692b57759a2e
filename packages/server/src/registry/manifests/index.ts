export { createKeptTags } from './kept-tags.ts';
export { aboutArtifact, createManifests, type Manifests } from './service.ts';
export { createManifestStore, type ManifestEntry, type ManifestStore, type StoredManifest } from './store.ts';
export { createManifestUpkeep, type ManifestUpkeep } from './upkeep.ts';
