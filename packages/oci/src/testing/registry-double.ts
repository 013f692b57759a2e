import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DistributionPath, parseDistributionPath } from '#src/distribution-path';
import { parseRepositoryName } from '#src/repository-name';
import type { Scope } from '#src/scope';
import { createDoubleAuth, type DoubleAuthOptions } from './double-auth.ts';
import { answerDouble, type DoubleFeatures } from './double-routes.ts';
import { createDoubleStore, type DoubleStore } from './double-store.ts';
import { type DoubleAnswer, failed } from './double-uploads.ts';
import type { TestImage, TestIndex } from './random-image.ts';

/** What went over the wire, for asserting on. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<IncomingMessage['headers']>;
}

/** Trouble to make instead of, or in the middle of, an answer. */
export type DoubleFault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Drops the connection unanswered. */
  | { readonly kind: 'reset' }
  /** Never answers. */
  | { readonly kind: 'silence' }
  /** Drops the connection after so many bytes of the answer's body. */
  | { readonly kind: 'cut-answer'; readonly after: number }
  /** Drops the connection after so many bytes of the request's body, and keeps them. */
  | { readonly kind: 'cut-request'; readonly after: number }
  /** Changes the first byte of the answer's body. */
  | { readonly kind: 'corrupt' };

export interface RegistryDoubleOptions extends DoubleFeatures {
  readonly auth?: DoubleAuthOptions;
}

/** A small registry in memory behind a real socket. Dispose it when done. */
export interface RegistryDouble extends AsyncDisposable {
  /** `127.0.0.1:port`, as in an image reference. */
  readonly host: string;
  readonly origin: string;
  readonly store: DoubleStore;
  readonly requests: SeenRequest[];
  /** The requests as `METHOD target`, without what is random in them. */
  readonly trace: () => string[];
  /** Makes trouble for the next `times` requests that match; once by default. */
  fail(fault: DoubleFault, matches: (request: SeenRequest) => boolean, times?: number): void;
  /** Puts an image or index with all it names into a repository, as a push would. */
  put(repository: string, content: TestImage | TestIndex, tag?: string): void;
  /** Forgets every token it gave out. */
  revokeTokens(): void;
}

function neededScopes(path: DistributionPath, method: string, query: URLSearchParams): Scope[] {
  if (path.kind === 'catalog') {
    return [{ type: 'registry', name: 'catalog', actions: ['*'] }];
  }
  if (!('name' in path)) {
    return [];
  }
  const reads = method === 'GET' || method === 'HEAD';
  const actions = reads ? ['pull'] : method === 'DELETE' && path.kind !== 'upload' ? ['delete'] : ['pull', 'push'];
  const from = query.get('from');
  return [
    { type: 'repository', name: path.name, actions },
    ...(from === null ? [] : [{ type: 'repository', name: from, actions: ['pull'] }]),
  ];
}

function write(outgoing: ServerResponse, answer: DoubleAnswer, isHead: boolean, fault: DoubleFault | undefined): void {
  const body = Buffer.from(answer.body ?? []);
  if (fault?.kind === 'corrupt' && body.length > 0) {
    body[0] = (body[0] ?? 0) ^ 0xff;
  }
  outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
  if (fault?.kind === 'cut-answer') {
    outgoing.write(body.subarray(0, fault.after), () => outgoing.destroy());
    return;
  }
  outgoing.end(isHead ? undefined : body);
}

/** Lets through so many bytes of a request's body, then drops the connection. */
function cutRequest(incoming: IncomingMessage, after: number): void {
  let seen = 0;
  incoming.on('data', (chunk: Uint8Array) => {
    seen += chunk.length;
    if (seen >= after) {
      incoming.destroy();
    }
  });
}

/** Starts a double on a free port of the loopback interface. Rejects when it cannot listen. */
export async function startRegistryDouble(options: RegistryDoubleOptions = {}): Promise<RegistryDouble> {
  const store = createDoubleStore();
  const auth = createDoubleAuth(options.auth);
  const requests: SeenRequest[] = [];
  const faults: { readonly fault: DoubleFault; readonly matches: (request: SeenRequest) => boolean; left: number }[] =
    [];
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  function takeFault(seen: SeenRequest): DoubleFault | undefined {
    const found = faults.find(({ left, matches }) => left > 0 && matches(seen));
    if (found !== undefined) {
      found.left--;
    }
    return found?.fault;
  }

  async function answer(incoming: IncomingMessage, url: URL): Promise<DoubleAnswer> {
    const { authorization } = incoming.headers;
    const method = incoming.method ?? '';
    if (url.pathname === '/token') {
      const form = method === 'POST' ? (await Array.fromAsync(incoming as AsyncIterable<Buffer>)).join('') : undefined;
      const issued = auth.issue(
        method,
        authorization,
        form === undefined ? url.searchParams : new URLSearchParams(form),
      );
      return {
        status: issued.status,
        headers: { 'content-type': 'application/json' },
        body: new TextEncoder().encode(JSON.stringify(issued.body)),
      };
    }
    const path = parseDistributionPath(url.pathname);
    if (path === undefined) {
      return failed(404, 'UNSUPPORTED', 'there is no such endpoint');
    }
    const challenged = auth.check(authorization, neededScopes(path, method, url.searchParams), url.origin);
    if (challenged !== undefined) {
      const refused = failed(challenged.status, 'UNAUTHORIZED', 'authentication required');
      return { ...refused, headers: { ...refused.headers, 'www-authenticate': challenged.challenge ?? '' } };
    }
    return answerDouble(store, options, { incoming, path, query: url.searchParams });
  }

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers } = incoming;
    const seen = { method, target, headers };
    requests.push(seen);
    const fault = takeFault(seen);
    switch (fault?.kind) {
      case 'reset':
        incoming.destroy();
        return;
      case 'silence':
        return;
      case 'answer':
        write(outgoing, { ...fault, body: new TextEncoder().encode(fault.body ?? '') }, method === 'HEAD', undefined);
        incoming.resume();
        return;
      case 'cut-request':
        cutRequest(incoming, fault.after);
        break;
      default:
    }
    const answered = await answer(incoming, new URL(target, origin));
    write(outgoing, answered, method === 'HEAD', fault);
    incoming.resume();
  }

  function put(repository: string, content: TestImage | TestIndex, tag?: string): void {
    const name = parseRepositoryName(repository);
    const { mediaType, digest } = content.descriptor;
    if ('images' in content) {
      for (const image of content.images) {
        put(repository, image);
      }
    } else {
      for (const blob of content.blobs) {
        store.putBlob(name, blob.descriptor.digest, blob.bytes);
      }
    }
    store.putManifest(name, digest, mediaType, content.bytes, tag);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;

  return {
    host,
    origin,
    store,
    requests,
    trace: () =>
      requests.map(({ method, target }) => `${method} ${target}`.replace(/uploads\/[0-9a-f-]{36}/, 'uploads/<id>')),
    fail: (fault, matches, times = 1) => {
      faults.push({ fault, matches, left: times });
    },
    put,
    revokeTokens: auth.revokeTokens,
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
