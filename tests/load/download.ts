// A client that only reads, in a process of its own: node download.ts '{"origin","path","headers","connections","requests"}'.
import { connect } from 'node:net';

interface Order {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Of each connection, one after the other. */
  readonly requests: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const { hostname, port, host } = new URL(order.origin);
const lines = Object.entries({ host, ...order.headers }).map(([name, value]) => `${name}: ${value}\r\n`);
const question = `GET ${order.path} HTTP/1.1\r\n${lines.join('')}\r\n`;

/** Fetches one after the other on one connection; the bytes are counted and dropped. */
function download(): Promise<number> {
  return new Promise((resolve, reject) => {
    let left = order.requests;
    let total = 0;
    let head = '';
    let body = -1;
    const take = (size: number, buffer: Uint8Array): void => {
      let from = 0;
      if (body < 0) {
        head += Buffer.from(buffer.buffer, buffer.byteOffset, size).toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!head.startsWith('HTTP/1.1 200')) {
          reject(new Error(head.slice(0, 300)));
          socket.destroy();
          return;
        }
        body = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
        from = size - (head.length - end - 4);
        head = '';
      }
      body -= size - from;
      total += size - from;
      if (body > 0) return;
      body = -1;
      left--;
      if (left > 0) socket.write(question);
      else {
        socket.destroy();
        resolve(total);
      }
    };
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer: Buffer.allocUnsafeSlow(1 << 20),
        callback: (size, buffer) => {
          take(size, buffer);
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('end', () => reject(new Error('the connection was closed')));
    socket.write(question);
  });
}

const from = performance.now();
const bytes = (await Promise.all(Array.from({ length: order.connections }, download))).reduce(
  (sum, one) => sum + one,
  0,
);
console.log(JSON.stringify({ bytes, seconds: (performance.now() - from) / 1000 }));
