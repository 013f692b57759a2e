import { join } from 'node:path';
import assert from 'node:assert/strict';
import { type CliChild, startCli } from './run-child.ts';
import { type Ran, runCli } from './run-cli.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export const password = 'Correct-horse-7-battery';

/** A registry that the command serves, with data of its own, and a way to work with it. */
export interface ServedRegistry extends AsyncDisposable {
  readonly host: string;
  readonly folder: string;
  /** Runs a command line as the administrator, or as whom `env` names. */
  run(args: readonly string[], more?: { readonly env?: Record<string, string>; readonly stdin?: string }): Promise<Ran>;
  /** The same; fails the test when the exit code is not 0, and answers with standard output. */
  must(
    args: readonly string[],
    more?: { readonly env?: Record<string, string>; readonly stdin?: string },
  ): Promise<string>;
}

/** Who asks, as variables. Never fails. */
export const as = (user: string, secret: string) => ({ ENTREPOT_USERNAME: user, ENTREPOT_PASSWORD: secret });

/** Serves a registry. It ends, and its data goes, on disposal. */
export async function serveRegistry(more: Readonly<Record<string, string>> = {}): Promise<ServedRegistry> {
  const folder = await makeTemporaryFolder();
  const server: CliChild = startCli(['serve', '--listen', '127.0.0.1:0', '--data', join(folder.path, 'data')], {
    env: { ENTREPOT_ADMIN_PASSWORD: password, ENTREPOT_LOG_LEVEL: 'info', ...more },
  });
  const [, host = ''] = await server.waitFor(/"address":"http:\/\/([^"]+)"/);
  const run: ServedRegistry['run'] = (args, { env = {}, ...rest } = {}) =>
    runCli(args, { env: { HOME: folder.path, ENTREPOT_HOST: host, ...as('admin', password), ...env }, ...rest });
  return {
    host,
    folder: folder.path,
    run,
    async must(args, options) {
      const ran = await run(args, options);
      assert.equal(ran.code, 0, `${args.join(' ')}\n${ran.stdout}\n${ran.stderr}`);
      return ran.stdout;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
