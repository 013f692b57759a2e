// A client for HEAD, which wrk cannot read the answers of, in a process of its own: node heads.ts '{"origin",…}'.
import { connect } from 'node:net';

interface Order {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const { hostname, port, host } = new URL(order.origin);
const lines = Object.entries({ host, ...order.headers }).map(([name, value]) => `${name}: ${value}\r\n`);
const question = Buffer.from(`HEAD ${order.path} HTTP/1.1\r\n${lines.join('')}\r\n`);
const end = performance.now() + order.seconds * 1000;

/** Asks again and again on one connection until the time is over; answers with the count. */
function ask(): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let head = '';
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer: Buffer.allocUnsafeSlow(1 << 16),
        callback: (size, buffer) => {
          head += Buffer.from(buffer.buffer, buffer.byteOffset, size).toString('latin1');
          if (!head.endsWith('\r\n\r\n')) return true;
          if (!head.startsWith('HTTP/1.1 200')) reject(new Error(head));
          head = '';
          count++;
          if (performance.now() < end) socket.write(question);
          else {
            socket.destroy();
            resolve(count);
          }
          return true;
        },
      },
    });
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('end', () => reject(new Error('the connection was closed')));
    socket.write(question);
  });
}

const from = performance.now();
const requests = (await Promise.all(Array.from({ length: order.connections }, ask))).reduce((sum, one) => sum + one, 0);
console.log(JSON.stringify({ requests, seconds: (performance.now() - from) / 1000 }));
