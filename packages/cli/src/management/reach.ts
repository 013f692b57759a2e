import type { CliContext } from '#src/context';
import { listKnownHosts } from '#src/credentials/list-known-hosts';
import { UsageError } from '#src/failures/failures';
import { parseHost } from '#src/locations/host';
import { type AccessOptions, readAccess } from '#src/registries/registry-access';
import { type ManagementClient, openManagement } from './client.ts';

/** The values of `managementOptions`. */
export interface ReachOptions extends AccessOptions {
  readonly host: string | undefined;
}

async function chooseRegistry(host: string | undefined, context: CliContext): Promise<string> {
  const named = host || context.env['ENTREPOT_HOST'];
  if (named) {
    return parseHost(named);
  }
  const [only, ...others] = await listKnownHosts(context);
  if (only === undefined || others.length > 0) {
    throw new UsageError('no registry is named', 'name it with --host, or set ENTREPOT_HOST.');
  }
  return only;
}

/**
 * Opens the management API of the registry that a verb means: of `--host`, of ENTREPOT_HOST, else of the only one there
 * are credentials for. Rejects with UsageError when that is not one, and as opening it does.
 */
export async function reachManagement(options: ReachOptions, context: CliContext): Promise<ManagementClient> {
  const registry = await chooseRegistry(options.host, context);
  return openManagement(registry, await readAccess(options, [registry], context), context);
}
