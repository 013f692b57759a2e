import { digestOf } from '#support/content';
import { pathOf } from '#support/http-exchange';
import type { RegistryClient } from '#support/registry-client';
import type { KnownManifest, KnownUpload, Ledger } from './ledger.ts';

function fail(ledger: Ledger, what: string): never {
  throw new Error(`${ledger.repository}: ${what}`);
}

function algorithmOf(digest: string): 'sha256' | 'sha512' {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

async function verifyBlob(client: RegistryClient, ledger: Ledger, digest: string): Promise<void> {
  const blob = ledger.blobs.get(digest);
  if (blob === undefined) return;
  const answer = await client.send('GET', `/v2/${ledger.repository}/blobs/${digest}`);
  if (answer.status === 200) {
    if (digestOf(answer.body, algorithmOf(digest)) !== digest) fail(ledger, `the bytes of ${digest} are not its own`);
    if (blob.standing === 'gone') fail(ledger, `${digest} was deleted and is back`);
    blob.standing = 'there';
  } else if (answer.status === 404) {
    if (blob.standing === 'there') fail(ledger, `blob ${digest} was acknowledged and is lost`);
    blob.standing = 'gone';
  } else fail(ledger, `blob ${digest} is answered with ${answer.status}: ${answer.text.slice(0, 300)}`);
}

async function verifyParts(
  client: RegistryClient,
  ledger: Ledger,
  digest: string,
  manifest: KnownManifest,
): Promise<void> {
  for (const blob of manifest.blobs) {
    const answer = await client.send('HEAD', `/v2/${ledger.repository}/blobs/${blob}`);
    if (answer.status !== 200) fail(ledger, `manifest ${digest} is there without its blob ${blob}: ${answer.status}`);
  }
  for (const child of manifest.children) {
    const answer = await client.send('HEAD', `/v2/${ledger.repository}/manifests/${child}`);
    if (answer.status !== 200) fail(ledger, `index ${digest} is there without its child ${child}: ${answer.status}`);
  }
  if (manifest.subject !== undefined) {
    const answer = await client.send('GET', `/v2/${ledger.repository}/referrers/${manifest.subject}`);
    if (!answer.text.includes(digest) && answer.header('link') === undefined) {
      fail(ledger, `manifest ${digest} is not among the referrers of ${manifest.subject}`);
    }
  }
}

async function verifyManifest(client: RegistryClient, ledger: Ledger, digest: string): Promise<void> {
  const manifest = ledger.manifests.get(digest);
  if (manifest === undefined) return;
  const answer = await client.send('GET', `/v2/${ledger.repository}/manifests/${digest}`);
  if (answer.status === 200) {
    if (answer.text !== manifest.text) fail(ledger, `the bytes of manifest ${digest} are not its own`);
    if (manifest.standing === 'gone') fail(ledger, `manifest ${digest} was deleted and is back`);
    manifest.standing = 'there';
    await verifyParts(client, ledger, digest, manifest);
  } else if (answer.status === 404) {
    if (manifest.standing === 'there') fail(ledger, `manifest ${digest} was acknowledged and is lost`);
    manifest.standing = 'gone';
  } else fail(ledger, `manifest ${digest} is answered with ${answer.status}: ${answer.text.slice(0, 300)}`);
}

/** Every tag points at one of what it may point at, and nothing else is tagged. */
async function verifyTags(client: RegistryClient, ledger: Ledger): Promise<void> {
  const answer = await client.send('GET', `/v2/${ledger.repository}/tags/list`);
  if (answer.status !== 200 && answer.status !== 404) fail(ledger, `the tags are answered with ${answer.status}`);
  const listed = answer.status === 404 ? [] : (answer.json() as { tags: string[] }).tags;
  for (const tag of listed) if (!ledger.tags.has(tag)) fail(ledger, `nobody made the tag ${tag}`);
  for (const [tag, possible] of ledger.tags) {
    const head = await client.send('HEAD', `/v2/${ledger.repository}/manifests/${tag}`);
    const points = head.status === 200 ? head.header('docker-content-digest') : undefined;
    if (head.status !== 200 && head.status !== 404) fail(ledger, `tag ${tag} is answered with ${head.status}`);
    if ((points !== undefined) !== listed.includes(tag))
      fail(ledger, `tag ${tag} is listed and not there, or the reverse`);
    if (!possible.has(points)) fail(ledger, `tag ${tag} points at ${points}, not at ${[...possible].join(' or ')}`);
    if (points !== undefined && !ledger.manifests.has(points)) fail(ledger, `tag ${tag} points at what nobody pushed`);
    ledger.tags.set(tag, new Set([points]));
  }
}

async function verifyUpload(client: RegistryClient, ledger: Ledger, upload: KnownUpload): Promise<void> {
  const answer = await client.send('GET', upload.location);
  if (answer.status === 404 && upload.acknowledged === 0) {
    ledger.uploads.delete(upload.location);
    return;
  }
  if (answer.status !== 204)
    fail(ledger, `an upload of ${upload.acknowledged} bytes is answered with ${answer.status}`);
  const last = Number(/^0-(\d+)$/.exec(answer.header('range') ?? '')?.[1]);
  const size = last === 0 && upload.acknowledged === 0 ? 0 : last + 1;
  if (!(size >= upload.acknowledged && size <= upload.sent)) {
    fail(ledger, `an upload has ${size} bytes; ${upload.acknowledged} were acknowledged, ${upload.sent} sent`);
  }
  ledger.uploads.delete(upload.location);
  const location = pathOf(answer.header('location') ?? upload.location, client.origin);
  ledger.uploads.set(location, { ...upload, location, acknowledged: size, sent: size });
}

/**
 * Compares what a registry has with what it acknowledged; rejects at the first difference. What was open is settled
 * by what is seen. `all` looks at everything, else at what was touched since the last look.
 */
export async function verify(client: RegistryClient, ledger: Ledger, all: boolean): Promise<void> {
  const wanted = (key: string): boolean => all || ledger.touched.has(key);
  for (const digest of [...ledger.blobs.keys()].filter(wanted)) await verifyBlob(client, ledger, digest);
  await verifyTags(client, ledger);
  for (const digest of [...ledger.manifests.keys()].filter(wanted)) await verifyManifest(client, ledger, digest);
  for (const possible of ledger.tags.values()) {
    for (const digest of possible) {
      const manifest = digest === undefined ? undefined : ledger.manifests.get(digest);
      if (manifest?.standing === 'gone') fail(ledger, `a tag points at ${digest}, which is gone`);
    }
  }
  for (const upload of [...ledger.uploads.values()]) await verifyUpload(client, ledger, upload);
  ledger.touched.clear();
}
