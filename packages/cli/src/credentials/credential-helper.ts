import { spawn } from 'node:child_process';
import type { Credentials } from '@entrepot/oci/client/credentials';
import { type CliContext, tell } from '#src/context';
import { CredentialError } from '#src/failures/failures';
import { paint } from '#src/output/paint';

/** What a helper needs of the world. */
export type HelperContext = Pick<CliContext, 'env' | 'signal'>;

interface HelperAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly said: string;
}

const longestAnswer = 1024 * 1024;

/** The helper program is not there. */
class HelperMissingError extends CredentialError {}

function nameProgram(helper: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper)) {
    throw new CredentialError(`the credential helper ${JSON.stringify(helper)} has no sound name`);
  }
  return `docker-credential-${helper}`;
}

function runHelper(helper: string, verb: string, input: string, context: HelperContext): Promise<HelperAnswer> {
  const program = nameProgram(helper);
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], { env: { ...context.env }, signal: context.signal, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout = (stdout + chunk.toString()).slice(0, longestAnswer);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(0, 1000);
    });
    // A helper that ends without reading is told by its exit code.
    child.stdin.on('error', () => {});
    child.on('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'ENOENT'
          ? new HelperMissingError(
              `the credential helper ${program} is not installed`,
              'install it, or take it out of the configuration file that names it.',
              { cause },
            )
          : cause,
      );
    });
    child.on('close', (code) => resolve({ code, stdout, said: (stderr.trim() || stdout.trim()).split('\n')[0] ?? '' }));
    child.stdin.end(input);
  });
}

function failed(helper: string, verb: string, { code, said }: HelperAnswer): CredentialError {
  return new CredentialError(
    `the credential helper docker-credential-${helper} failed to ${verb}: ${said || `it ended with ${code}`}`,
  );
}

/**
 * Asks a helper for the credentials under a key; undefined when it has none. Rejects with CredentialError when it fails
 * or is not there.
 * @see https://github.com/docker/docker-credential-helpers#development
 */
export async function getFromHelper(
  helper: string,
  key: string,
  context: HelperContext,
): Promise<Credentials | undefined> {
  const answer = await runHelper(helper, 'get', key, context);
  if (answer.code !== 0) {
    if (/credentials not found|not found in native keychain|no credentials/i.test(answer.said)) {
      return undefined;
    }
    throw failed(helper, 'get', answer);
  }
  let found: { Username?: unknown; Secret?: unknown } | null;
  try {
    found = JSON.parse(answer.stdout);
  } catch (cause) {
    throw new CredentialError(`the credential helper docker-credential-${helper} did not answer in JSON`, undefined, {
      cause,
    });
  }
  const { Username: username, Secret: secret } = found ?? {};
  if (typeof secret !== 'string' || typeof username !== 'string' || secret === '') {
    return undefined;
  }
  return username === '<token>'
    ? { kind: 'identity-token', token: secret }
    : { kind: 'password', username, password: secret };
}

/** Gives a name and password to a helper to keep. Rejects with CredentialError when it does not. */
export async function storeWithHelper(
  helper: string,
  key: string,
  username: string,
  password: string,
  context: HelperContext,
): Promise<void> {
  const input = JSON.stringify({ ServerURL: key, Username: username, Secret: password });
  const answer = await runHelper(helper, 'store', input, context);
  if (answer.code !== 0) {
    throw failed(helper, 'store', answer);
  }
}

/** Has a helper forget a key. False when it knew none. Rejects with CredentialError when it fails. */
export async function eraseWithHelper(helper: string, key: string, context: HelperContext): Promise<boolean> {
  if ((await getFromHelper(helper, key, context)) === undefined) {
    return false;
  }
  const answer = await runHelper(helper, 'erase', key, context);
  if (answer.code !== 0) {
    throw failed(helper, 'erase', answer);
  }
  return true;
}

/**
 * Does something with a helper, or only warns when the program is not there: much of what is pulled is public, and a
 * helper left behind by a removed program must not stand in its way. Rejects as `work` does otherwise.
 */
export async function ifInstalled<T>(
  work: () => Promise<T>,
  otherwise: T,
  place: string,
  context: CliContext,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HelperMissingError)) {
      throw error;
    }
    tell(context, `${paint(context, 'yellow', 'warning:')} ${error.message}; ${place} names it.`);
    return otherwise;
  }
}
