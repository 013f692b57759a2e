import { setTimeout as delay } from 'node:timers/promises';
import type { RegistryClient } from '#support/registry-client';
import type { Ledger } from './ledger.ts';
import type { Desk, Operation } from './operations.ts';

const json = { 'content-type': 'application/json' };

/** Blobs that no manifest names may be collected: nobody knows of them any more. */
export function forgetLoose(ledger: Ledger): void {
  for (const digest of [...ledger.blobs.keys()]) if (!ledger.isNamed(digest)) ledger.blobs.delete(digest);
}

async function isCollecting(client: RegistryClient): Promise<boolean> {
  const answer = await client.expect(200, 'GET', '/api/v2.0/system/gc?page_size=1');
  const [last] = answer.json() as { job_status: string }[];
  return last !== undefined && ['Pending', 'Running', 'Scheduled'].includes(last.job_status);
}

async function awaitCollection(client: RegistryClient): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (!(await isCollecting(client))) return;
    await delay(50);
  }
  throw new Error('a collection does not end');
}

/** Longer than the shortest grace, in milliseconds. */
const graceMs = 1100;

/**
 * Collects what nobody needs, in three strokes: out of its repositories, out of the database, out of the store. The
 * server has the shortest grace for it.
 */
async function collect({ client, ledger }: Desk): Promise<void> {
  forgetLoose(ledger);
  const body = JSON.stringify({ schedule: { type: 'Manual' }, parameters: {} });
  for (let stroke = 0; stroke < 3; stroke += 1) {
    await delay(graceMs);
    await client.expect(201, 'POST', '/api/v2.0/system/gc/schedule', json, body);
    await awaitCollection(client);
    ledger.acknowledged++;
  }
}

interface ShownDeletion {
  readonly id: number;
  readonly repository: string | null;
}

interface WholeDeletion {
  readonly artifacts: readonly { readonly digest: string; readonly tags: readonly string[] }[];
  readonly tags: readonly { readonly name: string; readonly digest: string }[];
}

/** Has back what was deleted last in the repository. */
async function restore({ client, ledger }: Desk): Promise<void> {
  const [project] = ledger.repository.split('/');
  const path = `/api/entrepot/v1/projects/${project}/deletions`;
  const listed = (await client.expect(200, 'GET', `${path}?sort=-id`)).json() as ShownDeletion[];
  const deletion = listed.find(({ repository }) => repository === ledger.repository);
  if (deletion === undefined) return;
  const whole = (await client.expect(200, 'GET', `${path}/${deletion.id}`)).json() as WholeDeletion;
  const manifests = whole.artifacts.flatMap(({ digest }) => ledger.manifests.get(digest) ?? []);
  for (const { digest } of whole.artifacts) ledger.touched.add(digest);
  for (const manifest of manifests) {
    manifest.standing = 'open';
    for (const blob of manifest.blobs) {
      const known = ledger.blobs.get(blob);
      if (known?.standing === 'gone') known.standing = 'open';
    }
  }
  const moves = whole.tags.map(({ name, digest }) => ledger.moveTag(name, digest));
  await client.expect(200, 'POST', `${path}/${deletion.id}/restore`, { 'content-length': '0' });
  for (const manifest of manifests) manifest.standing = 'there';
  // A tag that points elsewhere by now is left alone; nobody moves one here meanwhile.
  for (const move of moves) move();
  ledger.acknowledged++;
}

export const lifecycleOperations = { collect, restore } satisfies Record<string, Operation>;
