import { type CliContext, isTerminal, tell } from '#src/context';
import { formatBytes } from '#src/output/byte-size';

interface BackupProgress {
  readonly doing: string;
  readonly done: number;
  readonly total?: number | undefined;
  readonly bytes?: number | undefined;
}

/** On a terminal a line that changes, elsewhere a line now and then. */
const terminalMs = 200;
const plainMs = 10_000;

/** Shows how far it is on standard error. Never fails. */
export function showBackupProgress(context: CliContext): Disposable & { report(progress: BackupProgress): void } {
  const isLine = isTerminal(context.stderr) && context.env['TERM'] !== 'dumb';
  const everyMs = isLine ? terminalMs : plainMs;
  let last = performance.now();
  let shown = false;
  return {
    report(progress) {
      const now = performance.now();
      if (now - last < everyMs) return;
      last = now;
      const text = describe(progress);
      if (!isLine) {
        tell(context, text);
        return;
      }
      context.stderr.write(`\r\u001b[K${text}`);
      shown = true;
    },
    [Symbol.dispose]() {
      if (shown) context.stderr.write('\r\u001b[K');
    },
  };
}

function describe({ doing, done, total, bytes }: BackupProgress): string {
  // Of a database the bytes are what is counted.
  if (doing === 'database')
    return `database  ${formatBytes(done)}${total === undefined ? '' : ` of ${formatBytes(total)}`}`;
  const count = total === undefined ? String(done) : `${done} of ${total}`;
  return `${doing}  ${count}${bytes === undefined || bytes === 0 ? '' : `  ${formatBytes(bytes)}`}`;
}
