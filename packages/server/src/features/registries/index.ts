export { createCheckConnection } from './check-connection.ts';
export { describeProvider, describeProviders, providerTypes } from './providers.ts';
export { createRepairSources } from './repair-source.ts';
export { createRegistries, type Registries } from './service.ts';
export { createRegistryStore } from './store.ts';
export type { CredentialType, RemoteRegistry } from './types.ts';
