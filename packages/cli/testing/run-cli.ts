import { Readable, Writable } from 'node:stream';
import type { CliContext } from '#src/context';
import { runProgram } from '#src/program';

export interface RunOptions {
  /** The whole environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** Makes standard error a terminal of this width. */
  readonly columns?: number;
}

/** What a command line did. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

function collect(chunks: Buffer[], more: object = {}): Writable {
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(sink, more);
}

/** A context whose output is gathered. Never fails. */
export function createTestContext(options: RunOptions = {}): {
  context: CliContext;
  stdout: () => Buffer;
  stderr: () => string;
} {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const { columns, env = {}, stdin = '', signal = new AbortController().signal } = options;
  return {
    context: {
      stdin: Readable.from([Buffer.from(stdin)]),
      stdout: collect(out),
      stderr: collect(err, columns === undefined ? {} : { isTTY: true, columns }),
      env,
      signal,
    },
    stdout: () => Buffer.concat(out),
    stderr: () => Buffer.concat(err).toString('utf8'),
  };
}

/** Runs a command line in this process. Never rejects. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { context, stdout, stderr } = createTestContext(options);
  const code = await runProgram(args, context);
  return { code, stdout: stdout().toString('utf8'), bytes: stdout(), stderr: stderr() };
}
