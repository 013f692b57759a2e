import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Eventually } from '#kernel/eventually';
import { Exchange, type Reply } from '#platform/http';
import { createFindOrigin, send } from '#platform/http/server';

/** A server of raw handlers by path, without the rest of the registry. */
export interface RawServer extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
}

/** Handlers may be added to the record while it runs. */
export async function serveRaw(
  handlers: Readonly<Record<string, (exchange: Exchange) => Eventually<Reply>>>,
  options: { readonly trustedProxies?: readonly string[] } = {},
): Promise<RawServer> {
  const findOrigin = createFindOrigin({ externalUrl: undefined, trustedProxies: options.trustedProxies ?? [] });
  const limits = { idleMs: 5000, minBytesPerSecond: 0 };
  const server = createServer((request, response) => {
    const exchange = new Exchange(request, response, { limits, findOrigin, wantsContinue: false });
    const handler = handlers[exchange.path];
    if (handler === undefined) {
      response.writeHead(404).end();
      return;
    }
    Promise.resolve(handler(exchange)).then(
      (reply) => send(exchange, response, reply, 5000),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
