import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below Linux' ephemeral range (32768…): no outgoing connection can take the port before the server does.
const lowest = 15_000;
const highest = 32_000;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A TCP port of 127.0.0.1 that nobody listens on. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowest, highest);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port of 127.0.0.1 between ${lowest} and ${highest}`);
}
