import type { CopyEvent } from '@entrepot/oci/client/copy-run';
import { type CliContext, tell } from '#src/context';
import { formatBytes } from '#src/output/byte-size';
import type { Progress } from './progress.ts';
import { describeHow } from './describe-how.ts';
import { shortDigest } from './short-digest.ts';

/** A line for everything that is done. Never fails. */
export function createPlainLines(context: CliContext): Progress {
  function onEvent(event: CopyEvent): void {
    if (event.kind === 'blob-done') {
      tell(context, `${shortDigest(event.digest)}  ${formatBytes(event.size)}  ${describeHow(event.how)}`);
    } else if (event.kind === 'manifest-done') {
      tell(context, `${shortDigest(event.digest)}  manifest  ${describeHow(event.how)}`);
    }
  }
  return { onEvent, note: (text) => tell(context, text), [Symbol.dispose]: () => {} };
}
