import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A connection on which a test writes what no HTTP client would. */
export interface RawConnection extends AsyncDisposable {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** All that has come so far. */
  readonly received: string;
  /** Waits until what came matches, or the server closes, or the time is over; answers with all that came. */
  until(pattern: RegExp, milliseconds?: number): Promise<string>;
  /** Waits until the server has closed its side; false when the time was over first. */
  closed(milliseconds?: number): Promise<boolean>;
  /** Breaks the connection with a reset. */
  reset(): void;
}

/** Opens a connection to `origin`. */
export async function openRawConnection(origin: string): Promise<RawConnection> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let received = '';
  let ended = false;
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.on('close', () => (ended = true));
  socket.on('end', () => (ended = true));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => (ended = true));
  const wait = async (isOver: () => boolean, milliseconds: number): Promise<void> => {
    const end = performance.now() + milliseconds;
    while (!isOver() && performance.now() < end) await delay(5);
  };
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    get received() {
      return received;
    },
    async until(pattern, milliseconds = 10_000) {
      await wait(() => ended || pattern.test(received), milliseconds);
      return received;
    },
    async closed(milliseconds = 10_000) {
      await wait(() => ended, milliseconds);
      return ended;
    },
    reset: () => void socket.resetAndDestroy(),
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}

/** The status codes of all answers in what a raw connection received. */
export function statusesOf(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}
