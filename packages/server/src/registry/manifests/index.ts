export { createManifests, type Manifests } from './service.ts';
export { createManifestStore, type StoredManifest } from './store.ts';
export { createManifestUpkeep, type ManifestUpkeep } from './upkeep.ts';
