import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readBody } from './fake-s3/body.ts';
import { openBucket } from './fake-s3/bucket.ts';
import { createFaultScript, type Fault, type FaultAction } from './fake-s3/faults.ts';
import { nameOperation, runOperation, type S3Answer } from './fake-s3/operations.ts';
import { errorDocument, S3Failure } from './fake-s3/s3-failure.ts';
import { checkSignature, type SignatureRules } from './fake-s3/signature.ts';
import { createFolderVault, createMemoryVault } from './fake-s3/vault.ts';

export interface FakeS3Options {
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly bucket?: string;
  /** A folder that keeps the data over restarts; absent: memory. */
  readonly data?: string;
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  readonly now?: () => Date;
  /** How long it takes to fetch an object from an archive; none if absent. */
  readonly restoreMs?: number;
  /** Key and certificate for `localhost`; absent: no TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** One request that arrived, for tests that count. */
export interface SeenRequest {
  readonly operation: string;
  readonly key: string;
  readonly size: number;
}

/** A running fake. */
export interface FakeS3 extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly requests: readonly SeenRequest[];
  readonly listKeys: () => string[];
  /** How many objects are of which storage class, those of none apart. */
  readonly listClasses: () => Record<string, number>;
  /** Keys of uploads in parts that are neither complete nor aborted. */
  readonly listOpenUploads: () => string[];
  readonly addFault: (fault: Fault) => void;
  readonly clearFaults: () => void;
}

/**
 * Starts a little S3 server that is stricter than the real one: signatures in header and query, `aws-chunked` bodies and
 * their checksums, the rules of multipart uploads; no copying. Path style and virtual style (`<bucket>.localhost`).
 * `POST /-/faults` with a Fault as JSON, `DELETE /-/faults` and `GET /-/state` steer and show one that runs alone.
 */
export async function startFakeS3(options: FakeS3Options = {}): Promise<FakeS3> {
  const bucketName = options.bucket ?? 'blobs';
  const rules: SignatureRules = {
    accessKeyId: options.accessKeyId ?? 'fake-access-key',
    secretAccessKey: options.secretAccessKey ?? 'fake-secret-key',
    sessionToken: options.sessionToken,
    region: options.region ?? 'us-east-1',
    now: options.now ?? (() => new Date()),
  };
  const bucket = await openBucket(
    options.data === undefined ? createMemoryVault() : await createFolderVault(options.data),
    options.restoreMs,
  );
  const faults = createFaultScript();
  const requests: SeenRequest[] = [];

  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST') {
      faults.add(JSON.parse(Buffer.concat(await request.toArray()).toString('utf8')) as Fault);
    } else if (request.method === 'DELETE') {
      faults.clear();
    }
    response.end(
      JSON.stringify({ keys: [...bucket.objects.keys()], uploads: [...bucket.uploads.values()].map(({ key }) => key) }),
    );
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', `http://${headers.host ?? 'localhost'}`);
    if (url.pathname.startsWith('/-/')) {
      await control(request, response);
      return;
    }
    const { name, key } = findTarget(url, bucketName);
    const operation = nameOperation(method, key, url.searchParams) ?? `${method}?`;
    requests.push({ operation, key, size: Number(headers['content-length'] ?? 0) });
    const fault = faults.next(operation);
    if (fault !== undefined && (await strikeFirst(fault, request, response))) {
      return;
    }
    let answer: S3Answer;
    try {
      const signature = checkSignature(rules, { method, url, headers });
      const body = await readBody(request, signature);
      if (name !== bucketName) {
        throw new S3Failure(404, 'NoSuchBucket');
      }
      answer = await runOperation(operation, bucket, { method, key, query: url.searchParams, headers, body });
    } catch (error) {
      answer = refusal(error);
    }
    if (fault?.kind === 'lost-answer') {
      request.socket.resetAndDestroy();
    } else if (fault?.kind !== 'no-answer') {
      await send(method, answer, response, fault);
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch(() => request.socket.destroy());
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer({ requestTimeout: 0 }, listener)
      : createTlsServer({ ...tls, requestTimeout: 0 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://localhost:${port}`,
    port,
    bucket: bucketName,
    region: rules.region,
    accessKeyId: rules.accessKeyId,
    secretAccessKey: rules.secretAccessKey,
    requests,
    listKeys: () => [...bucket.objects.keys()].sort(),
    listClasses() {
      const counts: Record<string, number> = {};
      for (const { storageClass } of bucket.objects.values()) {
        if (storageClass !== undefined) counts[storageClass] = (counts[storageClass] ?? 0) + 1;
      }
      return counts;
    },
    listOpenUploads: () => [...bucket.uploads.values()].map(({ key }) => key),
    addFault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

function findTarget(url: URL, bucketName: string): { name: string; key: string } {
  const virtual = /^(.+)\.localhost$/.exec(url.hostname)?.[1];
  const path = decodeURIComponent(url.pathname.slice(1));
  if (virtual !== undefined && virtual === bucketName) {
    return { name: virtual, key: path };
  }
  const [name = '', ...rest] = path.split('/');
  return { name, key: rest.join('/') };
}

/** Does the faults that come before the work. True when there is nothing more to do. */
async function strikeFirst(fault: FaultAction, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  switch (fault.kind) {
    case 'slow':
      await delay(fault.ms);
      return false;
    case 'silence':
      request.resume();
      return true;
    case 'reset':
      request.socket.resetAndDestroy();
      return true;
    case 'status':
    case 'error-in-200': {
      request.resume();
      await finished(request, { writable: false });
      const status = fault.kind === 'status' ? fault.status : 200;
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(errorDocument(new S3Failure(status, fault.code)));
      return true;
    }
    default:
      return false;
  }
}

function refusal(error: unknown): S3Answer {
  const failure = error instanceof S3Failure ? error : new S3Failure(500, 'InternalError', String(error));
  return { status: failure.status, headers: { 'content-type': 'application/xml' }, body: errorDocument(failure) };
}

async function send(
  method: string,
  answer: S3Answer,
  response: ServerResponse,
  fault: FaultAction | undefined,
): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers, server: 'fake-s3', 'x-amz-request-id': 'fake' });
  if (answer.body === undefined || method === 'HEAD') {
    response.end();
    return;
  }
  const limit = fault?.kind === 'cut' || fault?.kind === 'stall' ? fault.after : Number.POSITIVE_INFINITY;
  let sent = 0;
  for await (const chunk of typeof answer.body === 'string' ? [Buffer.from(answer.body)] : answer.body) {
    const part = chunk.subarray(0, limit - sent);
    sent += part.length;
    if (!response.write(part) && !response.destroyed) {
      await drained(response);
    }
    if (sent >= limit) {
      if (fault?.kind === 'cut') {
        await delay(20);
        response.destroy();
      }
      return;
    }
    if (response.destroyed) {
      return;
    }
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9000' },
      bucket: { type: 'string', default: 'blobs' },
      data: { type: 'string' },
      region: { type: 'string', default: 'us-east-1' },
      'access-key': { type: 'string', default: process.env['AWS_ACCESS_KEY_ID'] ?? 'fake-access-key' },
      'secret-key': { type: 'string', default: process.env['AWS_SECRET_ACCESS_KEY'] ?? 'fake-secret-key' },
    },
  });
  const fake = await startFakeS3({
    port: Number(values.port),
    bucket: values.bucket,
    region: values.region,
    accessKeyId: values['access-key'],
    secretAccessKey: values['secret-key'],
    ...(values.data === undefined ? {} : { data: values.data }),
  });
  process.stdout.write(`fake S3 at ${fake.endpoint}, bucket ${fake.bucket}\n`);
  const stop = () => void fake[Symbol.asyncDispose]();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
