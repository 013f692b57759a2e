// A program: PostgreSQL for one run of the tests. Its first line says where it is, or why there is none; it ends with its input.
import { once } from 'node:events';
import { startPostgres } from './postgres.ts';
import { needTools } from './system-tool.ts';

/** What tools/run-tests.ts reads. */
type PostgresForTests = { readonly url: string } | { readonly missing: string };

const say = (answer: PostgresForTests): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

async function serveUntilInputEnds(): Promise<void> {
  await using postgres = await startPostgres({ durable: false });
  say({ url: await postgres.makeDatabase() });
  process.stdin.resume();
  await once(process.stdin, 'close');
}

const missing = await needTools(['initdb']);
if (missing === undefined) {
  await serveUntilInputEnds().catch((error: Error) => say({ missing: `PostgreSQL did not start: ${error.message}` }));
} else {
  say({ missing });
}
