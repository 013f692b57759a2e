export type { CliSecrets } from './cli-secrets.ts';
export { createOidc, type Oidc } from './oidc.ts';
export { toReturnPath } from './return-path.ts';
export type { Arrival, SignIns } from './sign-ins.ts';
export { type OidcConfigurations, toOidcSettings } from './settings.ts';
export { createOidcStore } from './store.ts';
export type { OidcSettings } from './types.ts';
