import { describe, type Descriptor, digestOf, imageIndex, imageManifest, mediaType } from '#support/content';
import type { Answer } from '#support/http-exchange';
import type { RegistryClient } from '#support/registry-client';
import type { KnownUpload, Ledger } from './ledger.ts';
import type { Chance } from './random.ts';

/** What a writer works with. */
export interface Desk {
  readonly client: RegistryClient;
  readonly ledger: Ledger;
  /** What the other writers have. */
  readonly others: readonly Ledger[];
  readonly chance: Chance;
}

export type Operation = (desk: Desk) => Promise<void>;

const octets = { 'content-type': mediaType.bytes };
const empty = { 'content-length': '0' };

function refuse(what: string, answer: Answer): never {
  throw new Error(`${what} was answered with ${answer.status}: ${answer.text.slice(0, 500)}`);
}

function someSize(chance: Chance): number {
  return chance.weighted({ none: 1, small: 20, middle: 10, large: 2 }) === 'large'
    ? chance.between(200_000, 1_500_000)
    : chance.between(0, 30_000);
}

/** Notes a blob as asked for; call the answer once it is acknowledged. */
function note(ledger: Ledger, digest: string, bytes: Buffer): () => void {
  const known = ledger.blobs.get(digest) ?? { bytes, standing: 'open' as const };
  if (known.standing === 'gone') known.standing = 'open';
  ledger.blobs.set(digest, known);
  ledger.touched.add(digest);
  return () => {
    known.standing = 'there';
    ledger.acknowledged++;
  };
}

async function pushWhole({ client, ledger, chance }: Desk): Promise<void> {
  const bytes = chance.bytes(someSize(chance));
  const digest = digestOf(bytes, chance.between(0, 9) === 0 ? 'sha512' : 'sha256');
  const acknowledge = note(ledger, digest, bytes);
  const path = `/v2/${ledger.repository}/blobs/uploads/?digest=${digest}`;
  const answer = await client.send('POST', path, octets, bytes);
  if (answer.status !== 201) refuse('a blob in one POST', answer);
  acknowledge();
}

async function startUpload({ client, ledger, chance }: Desk): Promise<KnownUpload> {
  const location = await client.startUpload(ledger.repository);
  const upload = { location, bytes: chance.bytes(someSize(chance)), acknowledged: 0, sent: 0 };
  ledger.uploads.set(location, upload);
  return upload;
}

/** The server that was killed may hold an upload for as long as its lease lasts; such an upload is left for later. */
const busy = 409;

/** Sends the bytes up to `end` as one chunk; answers false when the upload is held by another. */
async function sendChunk({ client, ledger }: Desk, upload: KnownUpload, end: number): Promise<boolean> {
  const from = upload.acknowledged;
  upload.sent = end;
  ledger.touched.add(upload.location);
  const headers = { ...octets, 'content-range': `${from}-${end - 1}` };
  const answer = await client.send('PATCH', upload.location, headers, upload.bytes.subarray(from, end));
  if (answer.status === busy) return false;
  if (answer.status !== 202) refuse('a chunk', answer);
  upload.acknowledged = end;
  ledger.acknowledged++;
  return true;
}

/** Sends what is missing of an upload, the last of it with the closing PUT. */
async function finishUpload(desk: Desk, upload: KnownUpload): Promise<void> {
  const { client, ledger, chance } = desk;
  const { bytes } = upload;
  while (bytes.length - upload.acknowledged > 20_000 && chance.between(0, 2) > 0) {
    const end = chance.between(upload.acknowledged + 1, bytes.length - 1);
    if (!(await sendChunk(desk, upload, end))) return;
  }
  const digest = digestOf(bytes);
  const acknowledge = note(ledger, digest, bytes);
  ledger.uploads.delete(upload.location);
  const rest = bytes.subarray(upload.acknowledged);
  const range = rest.length === 0 ? {} : { 'content-range': `${upload.acknowledged}-${bytes.length - 1}` };
  const answer = await client.finishUpload(upload.location, digest, rest, { ...octets, ...range });
  if (answer.status === busy) {
    ledger.uploads.set(upload.location, upload);
    return;
  }
  if (answer.status !== 201) refuse('the end of an upload', answer);
  acknowledge();
}

async function pushInChunks(desk: Desk): Promise<void> {
  const upload = await startUpload(desk);
  if (upload.bytes.length > 2) {
    await sendChunk(desk, upload, desk.chance.between(1, upload.bytes.length - 1));
    // Some uploads are left lying for a later round.
    if (desk.chance.between(0, 4) === 0) return;
  }
  await finishUpload(desk, upload);
}

/** Begins an upload and leaves it lying after its first bytes. */
export async function leaveUpload(desk: Desk): Promise<void> {
  const upload = await startUpload(desk);
  if (upload.bytes.length > 2) await sendChunk(desk, upload, desk.chance.between(1, upload.bytes.length - 1));
}

async function resumeUpload(desk: Desk): Promise<void> {
  const upload = desk.chance.pick([...desk.ledger.uploads.values()]);
  if (upload !== undefined) await finishUpload(desk, upload);
}

async function mount({ client, ledger, others, chance }: Desk): Promise<void> {
  const source = chance.pick(others);
  const digest = chance.pick(source?.blobsThere() ?? []);
  const known = source?.blobs.get(digest ?? '');
  if (source === undefined || digest === undefined || known === undefined) return;
  const acknowledge = note(ledger, digest, known.bytes);
  const path = `/v2/${ledger.repository}/blobs/uploads/?mount=${digest}&from=${source.repository}`;
  const answer = await client.send('POST', path, empty);
  // The source may be deleting it at this moment; then an upload has begun, which is left to be purged.
  if (answer.status === 202) {
    const blob = ledger.blobs.get(digest);
    if (blob?.standing === 'open') ledger.blobs.delete(digest);
    return;
  }
  if (answer.status !== 201) refuse('a mount', answer);
  acknowledge();
}

function blobDescriptor(ledger: Ledger, digest: string, type: string): Descriptor {
  return { mediaType: type, digest, size: ledger.blobs.get(digest)?.bytes.length ?? 0 };
}

function manifestDescriptor(ledger: Ledger, digest: string): Descriptor {
  const { type = mediaType.image, text = '' } = ledger.manifests.get(digest) ?? {};
  return { mediaType: type, digest, size: Buffer.byteLength(text) };
}

async function putManifest(
  desk: Desk,
  manifest: { text: string; type: string; blobs: string[]; children: string[]; subject?: string },
): Promise<void> {
  const { client, ledger, chance } = desk;
  const { text, type, blobs, children, subject } = manifest;
  const { digest } = describe(type, text);
  const known = ledger.manifests.get(digest) ?? { text, type, blobs, children, subject, standing: 'open' as const };
  ledger.manifests.set(digest, known);
  ledger.touched.add(digest);
  const tags = Array.from({ length: chance.between(0, 3) }, () => `t${chance.between(0, 12)}`);
  const moves = tags.map((tag) => ledger.moveTag(tag, digest));
  const [only] = tags;
  const reference =
    tags.length === 1 && only !== undefined ? only : `${digest}?${tags.map((tag) => `tag=${tag}`).join('&')}`;
  const answer = await client.putManifest(ledger.repository, reference, text, type);
  if (answer.status !== 201) refuse('a manifest', answer);
  known.standing = 'there';
  for (const move of moves) move();
  ledger.acknowledged++;
}

async function pushImage(desk: Desk): Promise<void> {
  const { ledger, chance } = desk;
  const there = ledger.blobsThere();
  const config = chance.pick(there);
  if (config === undefined) return;
  const layers = Array.from({ length: chance.between(0, 4) }, () => chance.pick(there)).filter(
    (one) => one !== undefined,
  );
  const subject = chance.between(0, 4) === 0 ? chance.pick(ledger.manifestsThere()) : undefined;
  const text = imageManifest(
    blobDescriptor(ledger, config, mediaType.config),
    layers.map((layer) => blobDescriptor(ledger, layer, mediaType.layer)),
    {
      annotations: { nonce: chance.bytes(16).toString('hex') },
      ...(subject === undefined ? {} : { subject: manifestDescriptor(ledger, subject) }),
    },
  );
  await putManifest(desk, {
    text,
    type: mediaType.image,
    blobs: [config, ...layers],
    children: [],
    ...(subject === undefined ? {} : { subject }),
  });
}

async function pushIndex(desk: Desk): Promise<void> {
  const { ledger, chance } = desk;
  const there = ledger.manifestsThere();
  const children = Array.from({ length: chance.between(0, 3) }, () => chance.pick(there)).filter(
    (one) => one !== undefined,
  );
  const text = imageIndex(
    children.map((child) => manifestDescriptor(ledger, child)),
    { annotations: { nonce: chance.bytes(16).toString('hex') } },
  );
  await putManifest(desk, { text, type: mediaType.index, blobs: [], children });
}

async function retag({ client, ledger, chance }: Desk): Promise<void> {
  const digest = chance.pick(ledger.manifestsThere());
  const manifest = ledger.manifests.get(digest ?? '');
  if (digest === undefined || manifest === undefined) return;
  const tag = `t${chance.between(0, 12)}`;
  const acknowledge = ledger.moveTag(tag, digest);
  const answer = await client.putManifest(ledger.repository, tag, manifest.text, manifest.type);
  if (answer.status !== 201) refuse('a moved tag', answer);
  acknowledge();
  ledger.acknowledged++;
}

async function deleteTag({ client, ledger, chance }: Desk): Promise<void> {
  const tag = chance.pick(
    [...ledger.tags].flatMap(([name, possible]) => (possible.size === 1 && !possible.has(undefined) ? [name] : [])),
  );
  if (tag === undefined) return;
  const acknowledge = ledger.moveTag(tag, undefined);
  const answer = await client.send('DELETE', `/v2/${ledger.repository}/manifests/${tag}`);
  if (answer.status !== 202) refuse('a deleted tag', answer);
  acknowledge();
  ledger.acknowledged++;
}

async function deleteManifest({ client, ledger, chance }: Desk): Promise<void> {
  const digest = chance.pick(ledger.manifestsThere().filter((one) => !ledger.isNamed(one)));
  if (digest === undefined) return;
  const acknowledge = ledger.dropManifest(digest);
  const answer = await client.send('DELETE', `/v2/${ledger.repository}/manifests/${digest}`);
  if (answer.status !== 202) refuse('a deleted manifest', answer);
  acknowledge();
  ledger.acknowledged++;
}

async function deleteBlob({ client, ledger, chance }: Desk): Promise<void> {
  const digest = chance.pick(ledger.blobsThere().filter((one) => !ledger.isNamed(one)));
  const blob = ledger.blobs.get(digest ?? '');
  if (digest === undefined || blob === undefined) return;
  blob.standing = 'open';
  ledger.touched.add(digest);
  const answer = await client.send('DELETE', `/v2/${ledger.repository}/blobs/${digest}`);
  if (answer.status !== 202) refuse('a deleted blob', answer);
  blob.standing = 'gone';
  ledger.acknowledged++;
}

export const operations = {
  pushWhole,
  pushInChunks,
  resumeUpload,
  mount,
  pushImage,
  pushIndex,
  retag,
  deleteTag,
  deleteManifest,
  deleteBlob,
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
