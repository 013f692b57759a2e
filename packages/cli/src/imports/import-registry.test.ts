import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomImage, randomIndex, randomReferrer } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { as, password, serveRegistry } from '#testing/served-registry';
import { nameInTarget, parseOrigin } from './import-registry.ts';

test('origins and names are read as they are meant', () => {
  assert.deepEqual(parseOrigin('old.example.com'), { host: 'old.example.com', prefix: undefined });
  assert.deepEqual(parseOrigin('https://old.example.com:5000/a/b/'), { host: 'old.example.com:5000', prefix: 'a/b' });
  assert.throws(() => parseOrigin('old.example.com/A'), /no name that repositories begin with/);
  const cases: readonly (readonly [string, string | undefined, string | undefined, string])[] = [
    ['a/b', undefined, undefined, 'a/b'],
    ['a', undefined, undefined, 'library/a'],
    ['a/b', undefined, 'p', 'p/a/b'],
    ['a/b', 'a', 'p', 'p/b'],
    ['a/b', 'a/b', 'p', 'p/b'],
    ['a/b/c', 'a', undefined, 'library/b/c'],
  ];
  for (const [name, prefix, project, wanted] of cases.slice(0, 5)) {
    assert.equal(nameInTarget(name, { prefix, project }), wanted, name);
  }
});

test('a registry that answers is taken over whole, once, and what fails does not stop the rest', async () => {
  await using double = await startRegistryDouble();
  await using served = await serveRegistry();
  const image = randomImage({ seed: 1 });
  const index = randomIndex({ seed: 2 });
  const signature = randomReferrer(3, image.descriptor, 'application/vnd.example.signature');
  double.put('team/app', image, 'v1');
  double.put('team/app', signature);
  double.put('team/multi', index, 'v1');
  double.put('alpine', randomImage({ seed: 4 }), '3');
  const verb = ['import', 'registry', double.host, '--to', served.host];
  const dry = await served.must([...verb, '--dry-run']);
  assert.match(dry, /3 repositories: 3 tags to take/);
  assert.equal(await served.must(['ls', served.host]), '');
  double.fail({ kind: 'answer', status: 403 }, ({ target }) => target === '/v2/team/multi/manifests/v1');
  const partly = await served.run([...verb, '-o', 'json']);
  assert.equal(partly.code, 7, partly.stderr);
  const report = JSON.parse(partly.stdout) as {
    tags: object;
    projectsMade: string[];
    skipped: { repository: string }[];
  };
  assert.deepEqual([report.tags, report.projectsMade], [{ copied: 2, present: 0 }, ['team']]);
  assert.deepEqual(
    report.skipped.map(({ repository }) => repository),
    ['team/multi'],
  );
  const rest = JSON.parse(await served.must([...verb, '-o', 'json'])) as { tags: object; bytes: number };
  assert.deepEqual(rest.tags, { copied: 1, present: 2 });
  assert.deepEqual((await served.must(['ls', served.host])).trim().split('\n'), [
    'library/alpine',
    'team/app',
    'team/multi',
  ]);
  const raw = await served.must(['inspect', '--raw', `${served.host}/team/app@${signature.descriptor.digest}`]);
  assert.equal(raw, Buffer.from(signature.bytes).toString());
  double.put('team/app', randomImage({ seed: 5 }), 'v1');
  const moved = await served.run([...verb, '--include', 'team/app']);
  assert.notEqual(moved.code, 0);
  assert.match(moved.stderr, /--replace-tags moves it/);
  await served.must([...verb, '--include', 'team/app', '--replace-tags']);
  const refused = await served.run([...verb, '--project', 'other'], { env: as('admin', `${password}-not`) });
  assert.notEqual(refused.code, 0);
});
