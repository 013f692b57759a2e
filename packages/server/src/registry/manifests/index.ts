export { createManifests, type Manifests, type ManifestPush } from './service.ts';
export { createManifestStore } from './store.ts';
