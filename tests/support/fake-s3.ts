import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';
import { endWithThisProcess } from './program.ts';
import { repositoryRoot } from './server-process.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const program = 'packages/server/testing/fake-s3.ts';

/** A little S3 server with one bucket, on loopback. */
export interface FakeS3 extends AsyncDisposable {
  /** What a registry has to be told to keep its blobs there. */
  readonly env: Readonly<Record<string, string>>;
}

/** Why there is no S3 server to be had; undefined when there is. */
export function missingS3(): string | undefined {
  return existsSync(join(repositoryRoot, program)) ? undefined : `${program} does not exist yet`;
}

async function awaitAnswers(child: ChildProcess, endpoint: string, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (child.exitCode !== null) break;
    try {
      await (await fetch(endpoint, { signal: AbortSignal.timeout(1_000) })).arrayBuffer();
      return;
    } catch {
      await delay(20);
    }
  }
  throw new Error(`The S3 server did not answer:\n${log()}`);
}

export async function startFakeS3(): Promise<FakeS3> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTemporaryFolder('s3'));
  const port = await findFreePort();
  const [bucket, accessKey, secretKey] = ['entrepot-test', 'test-access', 'test-secret-of-the-bucket'];
  const args = ['--port', String(port), '--bucket', bucket, '--data', folder.path];
  const child = spawn(process.execPath, [program, ...args, '--access-key', accessKey, '--secret-key', secretKey], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithThisProcess(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-20_000)));
  }
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await awaitAnswers(child, endpoint, () => log);
  const whole = stack.move();
  return {
    env: {
      ENTREPOT_BLOBS_S3_BUCKET: bucket,
      ENTREPOT_BLOBS_S3_ENDPOINT: endpoint,
      ENTREPOT_BLOBS_S3_ACCESS_KEY: accessKey,
      ENTREPOT_BLOBS_S3_SECRET_KEY: secretKey,
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
