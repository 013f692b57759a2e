import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startFakeS3 } from '#testing/fake-s3';
import { eventually } from '#testing/test-clock';
import { startTestRegistry, type TestRegistry } from '#testing/test-registry';

interface Readiness {
  readonly http: number;
  readonly status: string;
  /** What was said of each part. */
  readonly errors: Readonly<Record<string, string | undefined>>;
  readonly ms: number;
}

async function askReady(registry: TestRegistry): Promise<Readiness> {
  const asked = performance.now();
  const response = await registry.fetch('/readyz');
  const body = (await response.json()) as { status: string; components: { name: string; error?: string }[] };
  const errors = Object.fromEntries(body.components.map(({ name, error }) => [name, error]));
  return { http: response.status, status: body.status, errors, ms: performance.now() - asked };
}

/** Asks until the answer has this status code: an answer is kept for a second. */
const becomes = (registry: TestRegistry, http: number) =>
  eventually(async () => {
    const readiness = await askReady(registry);
    return readiness.http === http ? readiness : undefined;
  }, 8000);

async function startOnS3() {
  await using stack = new AsyncDisposableStack();
  const s3 = stack.use(await startFakeS3());
  const registry = stack.use(
    await startTestRegistry({
      env: {
        ENTREPOT_BLOBS_S3_ENDPOINT: s3.endpoint,
        ENTREPOT_BLOBS_S3_BUCKET: s3.bucket,
        ENTREPOT_BLOBS_S3_ACCESS_KEY: s3.accessKeyId,
        ENTREPOT_BLOBS_S3_SECRET_KEY: s3.secretAccessKey,
      },
    }),
  );
  const owned = stack.move();
  return { s3, registry, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

for (const [name, action, wanted] of [
  ['refuses', { kind: 'status', status: 403, code: 'AccessDenied' }, /AccessDenied/],
  ['is overloaded', { kind: 'status', status: 503, code: 'ServiceUnavailable' }, /ServiceUnavailable|no answer/],
  ['breaks connections', { kind: 'reset' }, /ECONNRESET|no answer/],
  ['says nothing', { kind: 'silence' }, /no answer within 2 seconds/],
  ['does and does not answer', { kind: 'no-answer' }, /no answer within 2 seconds/],
] as const) {
  test(`a registry is not ready while its bucket ${name}, says so soon, and is ready again afterwards`, async () => {
    await using place = await startOnS3();
    assert.equal((await askReady(place.registry)).http, 200);
    place.s3.addFault({ action });
    const away = await becomes(place.registry, 503);
    assert.equal(away.status, 'unready');
    assert.match(away.errors['blobs'] ?? '', wanted);
    assert.equal(away.errors['database'], undefined);
    assert.ok(away.ms < 4000, `after ${away.ms} ms`);
    place.s3.clearFaults();
    const back = await becomes(place.registry, 200);
    assert.deepEqual([back.status, back.errors['blobs']], ['ready', undefined]);
    await eventually(async () => (place.s3.listKeys().length === 0 ? true : undefined));
  });
}

test('a registry whose bucket is gone altogether is not ready', async () => {
  await using place = await startOnS3();
  await place.s3[Symbol.asyncDispose]();
  assert.match((await becomes(place.registry, 503)).errors['blobs'] ?? '', /ECONNREFUSED|no answer/);
});

test('many who ask cost the store one look a second, also while it is silent', async () => {
  await using place = await startOnS3();
  const looks = () => place.s3.requests.filter(({ operation }) => operation === 'PutObject').length;
  const burst = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => askReady(place.registry)));
    return new Set(answers.map(({ http }) => http));
  };
  /** Asks in bursts for so long; at most one look a second is made, however slow this machine is. */
  async function assertFewLooks(ms: number, count: number, answer: number): Promise<void> {
    const [before, start] = [looks(), performance.now()];
    while (performance.now() - start < ms) assert.deepEqual(await burst(count), new Set([answer]));
    const seconds = (performance.now() - start) / 1000;
    assert.ok(looks() - before <= seconds + 1, `${looks() - before} looks in ${seconds} seconds`);
  }
  await assertFewLooks(1500, 100, 200);
  place.s3.addFault({ action: { kind: 'silence' } });
  await becomes(place.registry, 503);
  await assertFewLooks(4000, 20, 503);
});

test('a registry whose folder is gone is not ready until it is back', async () => {
  await using registry = await startTestRegistry();
  const [uploads, away] = ['uploads', 'away'].map((name) => join(registry.data, 'blobs', name)) as [string, string];
  assert.equal((await askReady(registry)).http, 200);
  await rename(uploads, away);
  assert.match((await becomes(registry, 503)).errors['blobs'] ?? '', /./);
  await rename(away, uploads);
  await becomes(registry, 200);
});

test('a registry whose database is closed is not ready', async () => {
  await using registry = await startTestRegistry();
  await registry.registry.db[Symbol.asyncDispose]();
  const { errors } = await becomes(registry, 503);
  assert.ok(errors['database'] !== undefined);
  assert.equal(errors['blobs'], undefined);
});
