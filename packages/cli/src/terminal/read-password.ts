import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';

const longestPassword = 64 * 1024;

/** Reads the password that standard input holds, without the line end. Rejects with UsageError when there is none. */
export async function readPassword(context: CliContext): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of context.stdin.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk as Buffer);
    chunks.push(bytes);
    size += bytes.length;
    if (size > longestPassword) {
      throw new UsageError('standard input holds no password: it is too long');
    }
  }
  const password = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (password === '' || /[\r\n]/.test(password)) {
    throw new UsageError('standard input must hold the password, in one line');
  }
  return password;
}
