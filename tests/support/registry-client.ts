import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Algorithm, describe, type Descriptor, digestOf, imageManifest, mediaType, someBytes } from './content.ts';
import { type Answer, type Body, type Exchange, openExchange, pathOf } from './http-exchange.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

type Headers = Readonly<Record<string, string | readonly string[]>>;

export function basicAuthorization({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

export interface PushedImage {
  readonly manifest: string;
  readonly descriptor: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Speaks /v2 as one user (or as nobody), with every byte under the test's control. */
export class RegistryClient implements Disposable {
  readonly origin: string;
  readonly exchange: Exchange;
  readonly #authorization: string | undefined;

  constructor(origin: string, authorization?: string) {
    this.origin = origin;
    this.exchange = openExchange(origin);
    this.#authorization = authorization;
  }

  send(method: string, path: string, headers: Headers = {}, body?: Body): Promise<Answer> {
    return this.exchange.send({
      method,
      path,
      headers: this.withAuthorization(headers),
      ...(body === undefined ? {} : { body }),
    });
  }

  withAuthorization(headers: Headers = {}): Headers {
    return this.#authorization === undefined ? headers : { authorization: this.#authorization, ...headers };
  }

  /** Sends and expects one of the given status codes. */
  async expect(
    statuses: number | readonly number[],
    method: string,
    path: string,
    headers: Headers = {},
    body?: Body,
  ): Promise<Answer> {
    const answer = await this.send(method, path, headers, body);
    const wanted = typeof statuses === 'number' ? [statuses] : statuses;
    if (!wanted.includes(answer.status)) {
      assert.fail(
        `${method} ${path} answered ${answer.status}, not ${wanted.join(' or ')}: ${answer.text.slice(0, 500)}`,
      );
    }
    return answer;
  }

  /** Opens an upload session; answers with its address. */
  async startUpload(repository: string, query = ''): Promise<string> {
    const answer = await this.expect(202, 'POST', `/v2/${repository}/blobs/uploads/${query}`, {
      'content-length': '0',
    });
    return this.locationOf(answer);
  }

  locationOf(answer: Answer): string {
    const location = answer.header('location');
    assert.ok(location, 'the answer has a Location');
    return pathOf(location, this.origin);
  }

  /** Closes an upload session with the given bytes as the last (or only) ones. */
  finishUpload(location: string, digest: string, bytes?: Body, headers: Headers = {}): Promise<Answer> {
    const query = `${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
    return this.send(
      'PUT',
      location + query,
      bytes === undefined ? { 'content-length': '0', ...headers } : headers,
      bytes,
    );
  }

  /** Pushes a blob in the plainest way. */
  async pushBlob(repository: string, bytes: string | Uint8Array, algorithm: Algorithm = 'sha256'): Promise<string> {
    const digest = digestOf(bytes, algorithm);
    const answer = await this.finishUpload(await this.startUpload(repository), digest, bytes, {
      'content-type': mediaType.bytes,
      'content-length': String(Buffer.byteLength(bytes)),
    });
    assert.equal(answer.status, 201, `a blob is accepted: ${answer.text.slice(0, 500)}`);
    return digest;
  }

  putManifest(repository: string, reference: string, manifest: string | Uint8Array, type: string): Promise<Answer> {
    return this.send('PUT', `/v2/${repository}/manifests/${reference}`, { 'content-type': type }, manifest);
  }

  /** Pushes a manifest that has to be accepted; answers with its descriptor. */
  async pushManifest(
    repository: string,
    reference: string | undefined,
    manifest: string,
    type: string = mediaType.image,
  ): Promise<Descriptor> {
    const descriptor = describe(type, manifest);
    const answer = await this.putManifest(repository, reference ?? descriptor.digest, manifest, type);
    assert.equal(answer.status, 201, `a manifest is accepted: ${answer.text.slice(0, 500)}`);
    return descriptor;
  }

  /** Pushes a small image that no other test has; without a tag, by its digest. */
  async pushImage(
    repository: string,
    tag?: string,
    more: { readonly layers?: number; readonly layerSize?: number; readonly fields?: object } = {},
  ): Promise<PushedImage> {
    const bytes = Array.from({ length: more.layers ?? 1 }, () => someBytes(more.layerSize ?? 1000));
    const config = JSON.stringify({ architecture: 'amd64', os: 'linux', nonce: randomBytes(16).toString('hex') });
    for (const blob of [config, ...bytes]) await this.pushBlob(repository, blob);
    const configDescriptor = describe(mediaType.config, config);
    const layers = bytes.map((layer) => describe(mediaType.layer, layer));
    const manifest = imageManifest(configDescriptor, layers, more.fields);
    const descriptor = await this.pushManifest(repository, tag, manifest);
    return { manifest, descriptor, config: configDescriptor, layers };
  }

  [Symbol.dispose](): void {
    this.exchange[Symbol.dispose]();
  }
}

/** Asserts an error in the envelope of the specification, with one of the given codes. */
export function assertError(answer: Answer, status: number | readonly number[], ...codes: string[]): void {
  const wanted = typeof status === 'number' ? [status] : status;
  assert.ok(
    wanted.includes(answer.status),
    `status ${wanted.join(' or ')}, got ${answer.status}: ${answer.text.slice(0, 500)}`,
  );
  assert.match(answer.header('content-type') ?? '', /^application\/json\b/);
  const envelope = answer.json();
  assert.ok(
    typeof envelope === 'object' && envelope !== null && 'errors' in envelope && Array.isArray(envelope.errors),
  );
  const given = envelope.errors.map((error: { code?: unknown }) => error.code);
  assert.ok(given.length > 0, 'at least one error');
  assert.ok(
    given.every((code: unknown) => typeof code === 'string' && codes.includes(code)),
    `error code ${codes.join(' or ')}, got ${given.join(', ')}`,
  );
}
