import assert from 'node:assert/strict';
import { eventually } from './test-clock.ts';
import type { TestRegistry } from './test-registry.ts';

export interface ShownDeletion {
  readonly id: number;
  readonly kind: string;
  readonly repository: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly artifact_count: number;
  readonly tag_count: number;
  readonly actor: string;
  readonly artifacts: readonly { readonly digest: string; readonly type: string; readonly tags: readonly string[] }[];
}

export interface ShownRestored {
  readonly artifacts: number;
  readonly tags: number;
  readonly already_there: number;
  readonly left: readonly { readonly digest: string; readonly tag: string | null; readonly reason: string }[];
}

export interface Answer<T> {
  readonly status: number;
  readonly json: T;
  readonly text: string;
  readonly headers: Headers;
}

/** Asks the part of the management API that is Entrepot's own. */
export async function askOwn<T>(
  registry: TestRegistry,
  method: string,
  path: string,
  { as = registry.admin, body, headers = {} }: { as?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<T>> {
  const response = await registry.fetch(`/api/entrepot/v1${path}`, {
    method,
    as,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    headers: response.headers,
    json: (text === '' ? undefined : JSON.parse(text)) as T,
  };
}

/** Deletes what the path names, as clients of the distribution API or of Harbor do. */
export async function remove(registry: TestRegistry, path: string, as = registry.admin): Promise<void> {
  const response = await registry.fetch(path, { method: 'DELETE', as });
  assert.ok([200, 202].includes(response.status), `${path}: ${response.status} ${await response.text()}`);
}

/** The latest deletion of a project that can be undone. */
export async function lastDeletion(registry: TestRegistry, project: string): Promise<ShownDeletion> {
  const { json } = await askOwn<ShownDeletion[]>(registry, 'GET', `/projects/${project}/deletions`);
  const [last] = json;
  assert.ok(last, 'there is no deletion');
  return last;
}

export async function restore(registry: TestRegistry, project: string, id: number): Promise<Answer<ShownRestored>> {
  return askOwn<ShownRestored>(registry, 'POST', `/projects/${project}/deletions/${id}/restore`);
}

/** Asks for a collection, and waits for its end. */
export async function collect(registry: TestRegistry): Promise<void> {
  const asked = await registry.fetch('/api/v2.0/system/gc/schedule', {
    method: 'POST',
    as: registry.admin,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schedule: { type: 'Manual' }, parameters: {} }),
  });
  assert.equal(asked.status, 201, await asked.clone().text());
  const where = asked.headers.get('location') ?? '';
  await eventually(async () => {
    const run = (await (await registry.fetch(where, { as: registry.admin })).json()) as { job_status: string };
    assert.ok(!['Error', 'Stopped'].includes(run.job_status), run.job_status);
    return run.job_status === 'Success' ? run : undefined;
  }, 20_000);
}
