import type { CopyEvent } from '@entrepot/oci/client/copy-run';
import type { Digest } from '@entrepot/oci/digest';
import type { CliContext } from '#src/context';
import { formatBytes } from '#src/output/byte-size';
import { paint } from '#src/output/paint';
import { describeHow } from './describe-how.ts';
import type { Progress } from './progress.ts';
import { shortDigest } from './short-digest.ts';

interface Transfer {
  readonly size: number;
  done: number;
}

const repaintMs = 100;
const narrowest = 40;
const widestBar = 30;

function drawBar(part: number, width: number): string {
  const full = Math.round(Math.min(Math.max(part, 0), 1) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

function drawTransfer(digest: Digest, { size, done }: Transfer, columns: number): string {
  const amount = `${formatBytes(Math.min(done, size))} / ${formatBytes(size)}`;
  const width = Math.min(widestBar, columns - amount.length - 18);
  const bar = width < 5 ? '' : `${drawBar(size === 0 ? 1 : done / size, width)}  `;
  return `${shortDigest(digest)}  ${bar}${amount}`;
}

/**
 * Bars for what is under way and a line for what is done, painted over each other on a terminal. Nothing stays but the
 * lines. Never fails.
 */
export function createBars(context: CliContext): Progress {
  const { stderr } = context;
  const running = new Map<Digest, Transfer>();
  const finished: string[] = [];
  let painted = 0;
  let bytes = 0;

  function columns(): number {
    return Math.max((stderr as { columns?: number }).columns ?? 80, narrowest);
  }

  function paintAll(): void {
    const width = columns() - 1;
    const lines = [...running].map(([digest, transfer]) => drawTransfer(digest, transfer, width));
    if (lines.length > 1) {
      lines.push(paint(context, 'dim', `${lines.length} transfers, ${formatBytes(bytes)} so far`));
    }
    // One write, so that the terminal never shows half of it: up, clear below, all lines.
    const up = painted === 0 ? '' : `\u001b[${painted}A`;
    const text = [...finished.splice(0), ...lines].map((line) => `${line}\n`).join('');
    if (text !== '' || painted > 0) {
      stderr.write(`${up}\r\u001b[J${text}`);
    }
    painted = lines.length;
  }

  const timer = setInterval(paintAll, repaintMs);
  timer.unref();

  function onEvent(event: CopyEvent): void {
    switch (event.kind) {
      case 'blob-started':
        running.set(event.digest, { size: event.size, done: 0 });
        break;
      case 'blob-progress': {
        const transfer = running.get(event.digest);
        if (transfer !== undefined) {
          // What is sent again after a break is told again.
          const done = Math.min(transfer.done + event.bytes, transfer.size);
          bytes += done - transfer.done;
          transfer.done = done;
        }
        break;
      }
      case 'blob-done':
        running.delete(event.digest);
        finished.push(`${shortDigest(event.digest)}  ${formatBytes(event.size)}  ${describeHow(event.how)}`);
        break;
      case 'manifest-done':
        finished.push(`${shortDigest(event.digest)}  manifest  ${describeHow(event.how)}`);
        break;
      default:
        event satisfies never;
    }
  }

  return {
    onEvent,
    note: (text) => {
      finished.push(text);
      paintAll();
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      running.clear();
      paintAll();
    },
  };
}
