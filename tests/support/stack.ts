import { randomBytes } from 'node:crypto';
import { missingS3, startFakeS3 } from './fake-s3.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { type ServerOptions, ServerProcess } from './server-process.ts';
import { needTools } from './system-tool.ts';

/** What a registry stands on. */
export type StackKind = 'sqlite-filesystem' | 'postgres-s3';

/** Why a stack cannot be had on this machine; undefined when it can. */
export async function missingStack(kind: StackKind): Promise<string | undefined> {
  return kind === 'sqlite-filesystem' ? undefined : ((await needTools(['initdb'])) ?? missingS3());
}

/** What registries on one database of that server share: its address, and the key of the secrets in it. */
export async function replicaEnvironment(postgres: Postgres): Promise<Readonly<Record<string, string>>> {
  return {
    ENTREPOT_DATABASE_URL: await postgres.makeDatabase(),
    ENTREPOT_SECRET_KEY: randomBytes(32).toString('base64'),
  };
}

/** A registry together with what it stands on. */
export interface RegistryOnStack extends AsyncDisposable {
  readonly server: ServerProcess;
}

export async function startRegistryOn(kind: StackKind, options: ServerOptions = {}): Promise<RegistryOnStack> {
  await using stack = new AsyncDisposableStack();
  let env = options.env ?? {};
  if (kind === 'postgres-s3') {
    const [postgres, s3] = [stack.use(await startPostgres()), stack.use(await startFakeS3())];
    env = { ...(await replicaEnvironment(postgres)), ...s3.env, ...env };
  }
  const server = stack.use(await ServerProcess.start({ ...options, env }));
  const whole = stack.move();
  return { server, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}
