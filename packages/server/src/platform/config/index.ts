export type { Config, OutboundConfig } from './config.ts';
export { ConfigError } from './config-error.ts';
export type { ConfigFlags } from './flags.ts';
export type { LoadedConfig } from './load-config.ts';
export { loadConfig } from './load-config.ts';
export type { Secrets } from './secrets.ts';
export type { ConfigTableRow } from './table.ts';
export { configTable } from './table.ts';
