import type { IncomingHttpHeaders } from 'node:http';
import { digestOf } from '@entrepot/oci/client/content-hash';
import { RegistryResponseError } from '@entrepot/oci/client/errors';
import type { RegistryRequest, RegistryResponse, Transport } from '@entrepot/oci/client/transport';
import type { Descriptor } from '@entrepot/oci/descriptor';
import { isDigest, parseDigest } from '@entrepot/oci/digest';
import { type DistributionPath, parseDistributionPath } from '@entrepot/oci/distribution-path';
import { type ParsedManifest, parseManifest } from '@entrepot/oci/manifest';
import { buildReferrersIndex, describeReferrer } from '@entrepot/oci/referrers';
import { parseRepositoryName } from '@entrepot/oci/repository-name';
import type { LayoutReader, LayoutWriter } from './layout.ts';
import { listLayoutReferrers } from './layout-referrers.ts';

/** A layout as a registry with one repository. */
export interface LayoutTransport extends Transport {
  /** Manifests that were put and refer to a subject; nobody would find them unless the layout lists them. */
  readonly referrers: readonly Descriptor[];
}

/** The repository that every layout has. */
export const layoutRepository = parseRepositoryName('layout');

// Never looked up: whoever sends to it is the transport below.
const base = new URL('http://layout.invalid');

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: () => AsyncIterable<Uint8Array>;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function isWriter(layout: LayoutReader): layout is LayoutWriter {
  return 'writeBlob' in layout;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function readBody(request: RegistryRequest): Promise<Uint8Array> {
  return Buffer.concat(request.body === undefined ? [] : await Array.fromAsync(request.body.open()));
}

/** Stops when asked to, between two chunks. */
async function* withSignal(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

/**
 * Speaks the distribution API in front of a layout, without a network: whatever copies, lists and inspects by a
 * transport does so with files on this machine too. Tags are the names in the layout's list; they are set by `finish`
 * of the layout, not here. Fails as a registry would, with RegistryResponseError, and with the system's errors.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export function createLayoutTransport(layout: LayoutReader): LayoutTransport {
  const referrers: Descriptor[] = [];

  async function findDigest(reference: string) {
    if (isDigest(reference)) {
      return reference;
    }
    return (await layout.list()).find(({ name }) => name === reference)?.descriptor.digest;
  }

  async function getBlob(digestText: string, range: string | undefined): Promise<Answer> {
    const digest = parseDigest(digestText);
    const size = await layout.findBlob(digest);
    if (size === undefined) {
      return { status: 404 };
    }
    const first = Number(/^bytes=([0-9]+)-$/.exec(range ?? '')?.[1] ?? 0);
    const headers = { 'content-length': String(size - first), 'docker-content-digest': digest };
    const body = () => layout.openBlob(digest, first);
    return first === 0
      ? { status: 200, headers, body }
      : { status: 206, headers: { ...headers, 'content-range': `bytes ${first}-${size - 1}/${size}` }, body };
  }

  async function getManifest(reference: string): Promise<Answer> {
    const digest = await findDigest(reference);
    return digest === undefined ? { status: 404 } : getBlob(digest, undefined);
  }

  async function putManifest(request: RegistryRequest, reference: string): Promise<Answer> {
    const bytes = await readBody(request);
    const digest = isDigest(reference) ? reference : digestOf(bytes);
    const manifest: ParsedManifest = parseManifest(bytes, request.headers?.['content-type']);
    await (layout as LayoutWriter).writeBlob(digest, once(bytes));
    const { subject } = manifest;
    if (subject !== undefined) {
      referrers.push(describeReferrer(manifest, digest, bytes.length));
    }
    return {
      status: 201,
      headers: { 'docker-content-digest': digest, ...(subject === undefined ? {} : { 'oci-subject': subject.digest }) },
    };
  }

  async function putBlob(request: RegistryRequest, url: URL): Promise<Answer> {
    const digest = parseDigest(url.searchParams.get('digest') ?? '');
    await (layout as LayoutWriter).writeBlob(digest, withSignal(request.body?.open() ?? nothing(), request.signal));
    return { status: 201 };
  }

  function write(path: DistributionPath, request: RegistryRequest, url: URL): Answer | Promise<Answer> {
    if (request.method === 'PUT' && path.kind === 'manifest') {
      return putManifest(request, path.reference);
    }
    switch (`${request.method} ${path.kind}`) {
      case 'POST uploads':
        return { status: 202, headers: { location: `/v2/${layoutRepository}/blobs/uploads/next` } };
      case 'PUT upload':
        return putBlob(request, url);
      case 'DELETE upload':
        return { status: 204 };
      case 'GET upload':
        return { status: 404 };
      default:
        return { status: 405 };
    }
  }

  async function answer(path: DistributionPath | undefined, request: RegistryRequest, url: URL): Promise<Answer> {
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (path?.kind === 'manifest' && reads) {
      return getManifest(path.reference);
    }
    if (path?.kind === 'blob' && reads) {
      return getBlob(path.digest, request.headers?.['range']);
    }
    if (path?.kind === 'referrers' && reads) {
      const found = await listLayoutReferrers(layout, parseDigest(path.digest));
      const bytes = Buffer.from(JSON.stringify(buildReferrersIndex(found)));
      return { status: 200, body: () => once(bytes) };
    }
    return path !== undefined && isWriter(layout) ? write(path, request, url) : { status: 405 };
  }

  async function send(request: RegistryRequest, expected: readonly number[]): Promise<RegistryResponse> {
    request.signal?.throwIfAborted();
    const url = new URL(request.target, base);
    const { status, headers = {}, body = nothing } = await answer(parseDistributionPath(url.pathname), request, url);
    if (!expected.includes(status)) {
      const what = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
      const said = status === 404 ? `${layout.place} has no ${what}` : `${layout.place} cannot do this`;
      throw new RegistryResponseError(status, status === 404 ? ['MANIFEST_UNKNOWN'] : ['UNSUPPORTED'], said);
    }
    const hasBody = request.method === 'GET';
    return {
      status,
      headers: headers as IncomingHttpHeaders,
      body: withSignal(hasBody ? body() : nothing(), request.signal),
      discard: () => {},
      url,
    };
  }

  return { registry: layout.place, base, send, close: () => {}, [Symbol.dispose]: () => {}, referrers };
}
