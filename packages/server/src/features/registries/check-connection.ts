import { RegistryError } from '#kernel/errors';
import { type GuardedRequest, withConstantCeiling } from '#platform/outbound';
import { converse, unhealthy } from './conversation.ts';
import type { RegistryConnection } from './types.ts';

/**
 * Whether a registry answers at `/v2/` and takes the credentials. Fails with `target-refused` where the address itself
 * may not be asked; a registry that cannot be had, or is none, is unhealthy, and nothing tells which.
 */
export type CheckConnection = (connection: RegistryConnection) => Promise<boolean>;

/** What does not work is told after so long, whatever it was. */
const ceilingMs = 5000;

export function createCheckConnection(request: GuardedRequest, ceiling = ceilingMs): CheckConnection {
  return async (connection) => {
    try {
      await withConstantCeiling(ceiling, (signal) => probe(connection, (asked) => request({ ...asked, signal })));
      return true;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'target-unreachable') return false;
      throw error;
    }
  };
}

/** @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support */
async function probe(connection: RegistryConnection, request: GuardedRequest): Promise<void> {
  const { status } = await converse(connection, request)('/v2/');
  if (status !== 200) throw unhealthy();
}
