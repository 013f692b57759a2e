import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { useRegistry } from '#support/use-registry';

// Every operation of Harbor's v2.0 API is there once, under Harbor's name. The list holds three facts of each and was
// made from Harbor's own document (v2.16, the same operations as in v2.15).

type HarborOperation = readonly [method: string, path: string, operationId: string];

const harbor = JSON.parse(
  readFileSync(new URL('harbor-operations.json', import.meta.url), 'utf8'),
) as readonly HarborOperation[];

/** Harbor had these until v2.12; its client for Go still has them. */
const former = ['ListRobotV1', 'CreateRobotV1', 'GetRobotByIDV1', 'UpdateRobotV1', 'DeleteRobotV1'];

const registry = await useRegistry();
let described: readonly HarborOperation[] = [];

before(async () => {
  const answer = await registry.anonymous.expect(200, 'GET', '/api/docs/openapi.json');
  const { paths } = answer.json() as { paths: Record<string, Record<string, { operationId: string }>> };
  described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => [method.toUpperCase(), path, operationId] as const),
  );
});

/** What the registry says of a route that it does not have. */
function isUnknown(text: string): boolean {
  return /There is no [A-Z]+ \//.test(text);
}

test('the list has all 203 operations of Harbor, each once', () => {
  assert.equal(harbor.length, 203);
  assert.equal(new Set(harbor.map(([method, path]) => `${method} ${path}`)).size, 203);
  assert.equal(new Set(harbor.map(([, , operationId]) => operationId)).size, 203);
});

for (const [method, path, operationId] of harbor) {
  test(`${operationId} is described once and mounted`, async () => {
    const atPath = described.filter((one) => one[0] === method && one[1] === path);
    assert.deepEqual(atPath, [[method, path, operationId]]);
    assert.equal(described.filter((one) => one[2] === operationId).length, 1);

    // Nobody asks, with nothing: whatever is answered, it is no "There is no such route".
    const asked = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      name.startsWith('project_name') ? 'library' : '1',
    );
    const answer = await registry.anonymous.send(method, asked);
    assert.ok(!isUnknown(answer.text), answer.text);
    if (method === 'HEAD') assert.notEqual(answer.status, 404);
  });
}

test('a route that is not mounted says so, or the tests above would prove nothing', async () => {
  const answer = await registry.anonymous.send('GET', '/api/v2.0/no-such-thing');
  assert.equal(answer.status, 404);
  assert.ok(isUnknown(answer.text), answer.text);
});

test('nothing under the prefix of Harbor is an invention of ours', () => {
  const known = new Set([...harbor.map(([, , operationId]) => operationId), ...former]);
  const ours = described.filter(([, path, operationId]) => path.startsWith('/api/v2.0/') && !known.has(operationId));
  assert.deepEqual(ours, []);
});
