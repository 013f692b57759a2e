import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tarWithFile } from '@entrepot/oci/testing/random-image';
import { artifactsPath, askManagement, type Shown } from '#testing/management';
import { digestOf, imageManifest, useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
await registry.addProject('team');
await registry.addUser('guest', { team: 5 });
const guest = registry.basic('guest');

interface Part {
  readonly mediaType: string;
  readonly bytes: Uint8Array | string;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function push(repository: string, config: Part, layers: readonly Part[]): Promise<void> {
  for (const { bytes } of [config, ...layers]) await registry.pushBlob(repository, bytes);
  const [described, ...rest] = [config, ...layers].map(({ bytes, ...fields }) => ({
    ...fields,
    digest: digestOf(bytes),
    size: Buffer.byteLength(bytes),
  }));
  const manifest = imageManifest('', [], { config: described, layers: rest });
  assert.equal((await registry.putManifest(repository, 'v1', manifest)).status, 201);
}

const read = (repository: string, addition: string) =>
  askManagement<unknown>(registry, 'GET', `${artifactsPath(repository)}/v1/additions/${addition}`, { as: guest });

const linksOf = async (repository: string) => {
  const shown = await askManagement<Shown>(registry, 'GET', `${artifactsPath(repository)}/v1`, { as: guest });
  return Object.keys(shown.json.addition_links);
};

/** Several files in one archive: the end of each but the last is taken off. */
function archive(...files: readonly (readonly [name: string, content: string])[]): Buffer {
  const parts = files.map(([name, content]) => tarWithFile(name, Buffer.from(content)));
  return Buffer.concat(
    parts.map((part, at) => (at === parts.length - 1 ? part : part.subarray(0, part.length - 1024))),
  );
}

const chartConfig = {
  name: 'web',
  version: '1.2.3',
  dependencies: [{ name: 'redis', version: '1', repository: 'https://charts.example.com' }],
};

async function pushChart(repository: string, content: Uint8Array): Promise<void> {
  await push(
    repository,
    { mediaType: 'application/vnd.cncf.helm.config.v1+json', bytes: JSON.stringify(chartConfig) },
    [{ mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', bytes: content }],
  );
}

test('a chart has its values, its readme and its dependencies', async () => {
  const files = archive(
    ['web/Chart.yaml', 'name: web'],
    ['web/charts/redis/values.yaml', 'inner: true'],
    ['web/values.yaml', `a: ${'x'.repeat(5000)}\n`],
    ['web/README.md', '# Web ünïcødé'],
  );
  await pushChart('team/web', gzipSync(files));
  assert.deepEqual(await linksOf('team/web'), ['values.yaml', 'readme.md', 'dependencies']);
  const values = await read('team/web', 'values.yaml');
  assert.equal(values.text, `a: ${'x'.repeat(5000)}\n`);
  assert.match(values.headers.get('content-type') ?? '', /^text\/plain/);
  assert.equal((await read('team/web', 'readme.md')).text, '# Web ünïcødé');
  assert.deepEqual((await read('team/web', 'dependencies')).json, chartConfig.dependencies);
  assert.equal((await read('team/web', 'build_history')).status, 400);
  assert.equal((await read('team/web', 'anything')).status, 400);
});

test('a chart without a readme says so, and one that is none is no fault of ours', async () => {
  await pushChart('team/bare', gzipSync(archive(['web/Chart.yaml', 'name: web'])));
  assert.equal((await read('team/bare', 'readme.md')).status, 404);
  await pushChart('team/broken', Buffer.from('this is no archive'));
  assert.equal((await read('team/broken', 'values.yaml')).status, 404);
  await pushChart('team/cut', gzipSync(archive(['web/values.yaml', 'a'.repeat(50_000)])).subarray(0, 80));
  assert.equal((await read('team/cut', 'values.yaml')).status, 404);
});

test('a chart that unpacks to very much is not unpacked whole', async () => {
  const huge = Buffer.alloc(80 * 1024 * 1024);
  const head = tarWithFile('web/huge', huge).subarray(0, -1024);
  await pushChart('team/bomb', gzipSync(Buffer.concat([head, archive(['web/values.yaml', 'late: true'])])));
  assert.equal((await read('team/bomb', 'values.yaml')).status, 404);
});

test('an image has the history of its build', async () => {
  const history = [{ created: '2020-01-01T00:00:00Z', created_by: 'COPY . .' }];
  const mediaType = 'application/vnd.oci.image.config.v1+json';
  await push('team/image', { mediaType, bytes: JSON.stringify({ architecture: 'amd64', history }) }, []);
  assert.deepEqual((await read('team/image', 'build_history')).json, history);
  await push('team/plain', { mediaType, bytes: '{"architecture":"arm64"}' }, []);
  assert.deepEqual((await read('team/plain', 'build_history')).json, []);
  await push('team/nothing', { mediaType, bytes: 'no json' }, []);
  assert.equal((await read('team/nothing', 'build_history')).status, 404);
  assert.deepEqual((await read('team/image', 'vulnerabilities')).json, {});
});

test('a model has its documents and a list of its files', async () => {
  const path = 'org.cncf.model.filepath';
  await push('team/model', { mediaType: 'application/vnd.cncf.model.config.v1+json', bytes: '{"descriptor":{}}' }, [
    {
      mediaType: 'application/vnd.cncf.model.doc.v1.tar',
      bytes: tarWithFile('README.md', Buffer.from('# A model')),
      annotations: { [path]: 'README.md' },
    },
    { mediaType: 'application/vnd.cncf.model.doc.v1.raw', bytes: 'Be free.', annotations: { [path]: 'LICENSE' } },
  ]);
  assert.equal((await read('team/model', 'readme.md')).text, '# A model');
  assert.equal((await read('team/model', 'license')).text, 'Be free.');
  const files = (await read('team/model', 'files')).json as { name: string }[];
  assert.deepEqual(
    files.map(({ name }) => name),
    ['README.md', 'LICENSE'],
  );
});

test('an SBOM is its own addition', async () => {
  const type = 'application/vnd.goharbor.harbor.sbom.v1';
  await push('team/sbom', { mediaType: type, bytes: '{}' }, [{ mediaType: type, bytes: '{"spdxVersion":"SPDX-2.3"}' }]);
  assert.deepEqual((await read('team/sbom', 'sbom')).json, { spdxVersion: 'SPDX-2.3' });
});
