import type { Credentials } from '@entrepot/oci/client/credentials';
import { createTransport, type Transport } from '@entrepot/oci/client/transport';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { CliContext } from '#src/context';
import { findCredentials } from '#src/credentials/find-credentials';
import { noteFailure } from '#src/failures/failure-facts';
import { version } from '#src/version';
import { createEagerRequester } from './eager-requester.ts';
import type { RegistryAccess } from './registry-access.ts';
import { isLoopback, speaksHttps } from './speaks-https.ts';
import { listTrustedCertificates } from './trusted-certificates.ts';

const patienceMs = 120_000;

function proxyVariables(env: CliContext['env']): Record<string, string | undefined> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  return Object.fromEntries(names.filter((name) => env[name]).map((name) => [name, env[name]]));
}

async function usesPlainHttp(registry: string, access: RegistryAccess, local: boolean, context: CliContext) {
  return access.plainHttp || (local && !(await speaksHttps(registry, context.signal)));
}

/** The way to a registry, and who asks there. */
export interface RegistryConnection extends Transport {
  /** What requests prove themselves with; undefined where there is nothing. Rejects with CredentialError. */
  findCredentials(): Promise<Credentials | undefined>;
}

/**
 * Opens the way to a registry, for one repository of it where credentials may differ by namespace. Dispose it when
 * done. Its failures are noted for hints. Rejects with what is wrong with the certificates to trust.
 */
export async function openRegistry(
  registry: string,
  repository: RepositoryName | undefined,
  access: RegistryAccess,
  context: CliContext,
  options: { readonly management?: boolean } = {},
): Promise<RegistryConnection> {
  const local = isLoopback(new URL(`https://${registry}`).hostname);
  const plainHttp = await usesPlainHttp(registry, access, local, context);
  let authenticated = false;

  async function findForRegistry(): Promise<Credentials | undefined> {
    const { named, authfile } = access;
    const query = { registry, ...(repository === undefined ? {} : { repository }), authfile };
    const found = named?.registry === registry ? named.credentials : await findCredentials(query, context);
    authenticated = found !== undefined;
    return found;
  }

  const requester = createEagerRequester({
    silenceMs: patienceMs,
    verifyTls: !access.insecure,
    // Over plain HTTP certificates matter only where it redirects to, and reading the system's takes time.
    ...(access.insecure || (local && plainHttp) ? {} : { ca: listTrustedCertificates(access.ca) }),
    // No proxy leads back to this machine.
    ...(local ? {} : { proxyEnv: proxyVariables(context.env) }),
  });
  const transport = createTransport({
    registry,
    plainHttp,
    requester,
    credentials: findForRegistry,
    userAgent: `entrepot/${version}`,
  });
  const close = () => {
    transport.close();
    requester.close();
  };

  return {
    registry,
    base: transport.base,
    findCredentials: findForRegistry,
    send: async (request, expected) => {
      try {
        return await transport.send(request, expected);
      } catch (error) {
        noteFailure(error, { registry, repository, authenticated, management: options.management === true });
        throw error;
      }
    },
    close,
    [Symbol.dispose]: close,
  };
}
