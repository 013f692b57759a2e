import { parseArgs } from 'node:util';

/** Runs the registry until SIGTERM or SIGINT. The server is loaded only here. */
export async function serveCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { listen: { type: 'string' }, data: { type: 'string' }, config: { type: 'string' } },
  });
  const { serve } = await import('@entrepot/server/serve');
  const ending = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
  return serve({
    flags: values,
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: ending.signal,
  });
}
