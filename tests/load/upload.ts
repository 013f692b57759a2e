// A client that pushes one layer as Docker does (POST, PATCH, PUT), in a process of its own; the bytes cost it nothing.
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';

interface Order {
  readonly origin: string;
  readonly repository: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly mebibytes: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const first = randomBytes(1 << 20);
const block = randomBytes(1 << 20);

/** The bytes: one block of this run alone, then one that repeats. */
function* pieces(): Iterable<Buffer> {
  for (let index = 0; index < order.mebibytes; index++) yield index === 0 ? first : block;
}

interface Reply {
  readonly status: number;
  readonly location: string;
}

function send(method: string, path: string, headers: Record<string, string>, body: Iterable<Buffer>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sending = request(
      new URL(path, order.origin),
      { method, headers: { ...order.headers, ...headers } },
      (message) => {
        message.resume();
        message.once('end', () =>
          resolve({ status: message.statusCode ?? 0, location: message.headers.location ?? '' }),
        );
      },
    );
    sending.once('error', reject);
    const iterator = body[Symbol.iterator]();
    const pump = (): void => {
      for (let next = iterator.next(); !next.done; next = iterator.next()) {
        if (!sending.write(next.value)) return void sending.once('drain', pump);
      }
      sending.end();
    };
    pump();
  });
}

async function expect(wanted: number, what: Promise<Reply>): Promise<string> {
  const { status, location } = await what;
  if (status !== wanted) throw new Error(`answered with ${status}, not ${wanted}`);
  return location;
}

const hash = createHash('sha256');
for (const piece of pieces()) hash.update(piece);
const digest = `sha256:${hash.digest('hex')}`;

const from = performance.now();
const started = await expect(
  202,
  send('POST', `/v2/${order.repository}/blobs/uploads/`, { 'content-length': '0' }, []),
);
const length = String(order.mebibytes * (1 << 20));
const patched = await expect(
  202,
  send('PATCH', started, { 'content-length': length, 'content-type': 'application/octet-stream' }, pieces()),
);
await expect(
  201,
  send('PUT', `${patched}${patched.includes('?') ? '&' : '?'}digest=${digest}`, { 'content-length': '0' }, []),
);
console.log(JSON.stringify({ digest, bytes: order.mebibytes * (1 << 20), seconds: (performance.now() - from) / 1000 }));
