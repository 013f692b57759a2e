import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { allRecords } from './all-records.ts';
import type { RouteRecord } from './route.ts';

async function recordsIn(folder: string): Promise<RouteRecord[]> {
  const files = (await readdir(new URL(folder, import.meta.url))).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const modules = await Promise.all(
    files.map((name) => import(new URL(`${folder}/${name}`, import.meta.url).href) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((exported) =>
    Object.values(exported).filter(
      (value): value is RouteRecord => typeof value === 'object' && value !== null && 'operationId' in value,
    ),
  );
}

test('every record that a file declares is in the list of all, once', async () => {
  const declared = [...(await recordsIn('harbor')), ...(await recordsIn('entrepot'))];
  const names = (records: readonly RouteRecord[]) => records.map(({ operationId }) => operationId).toSorted();
  assert.deepEqual(names(allRecords), names(declared));
  assert.equal(new Set(names(allRecords)).size, allRecords.length);
  assert.equal(new Set(allRecords.map(({ method, path }) => `${method} ${path}`)).size, allRecords.length);
});
