import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A connection on which a test writes what no HTTP client would. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** All that came so far, a character for each byte. */
  received(): string;
  /** Waits until what came matches; answers with all of it, matching or not, when the time is over or the server closed. */
  until(pattern: RegExp, ms?: number): Promise<string>;
  /** Waits until the server closed; false when the time was over first. */
  closed(ms?: number): Promise<boolean>;
}

export async function openRawConnection(origin: string): Promise<RawConnection> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let text = '';
  let ended = false;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  for (const event of ['end', 'close', 'error']) {
    socket.on(event, () => {
      ended = true;
    });
  }
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const wait = async (over: () => boolean, ms: number) => {
    const end = performance.now() + ms;
    while (!over() && performance.now() < end) await sleep(5);
  };
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    received: () => text,
    async until(pattern, ms = 10_000) {
      await wait(() => ended || pattern.test(text), ms);
      return text;
    },
    async closed(ms = 10_000) {
      await wait(() => ended, ms);
      return ended;
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** The status codes of all answers in what a raw connection received. */
export function statusesOf(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}
