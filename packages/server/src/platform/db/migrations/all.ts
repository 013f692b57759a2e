import * as createRegistry from './0001-create-registry.ts';
import type { Migration } from './migration.ts';

/** In the order they are applied. The number of the last one is the version of the database. */
export const migrations: readonly Migration[] = [{ name: '0001-create-registry', up: createRegistry.up }];
