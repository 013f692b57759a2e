export { createManifests, type Manifests } from './service.ts';
export { createManifestStore } from './store.ts';
export { createManifestUpkeep, type ManifestUpkeep } from './upkeep.ts';
