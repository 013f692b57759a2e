import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { ConfigError, type ConfigFlags, configTable, type LoadedConfig, loadConfig } from '#platform/config';

interface Given {
  readonly flags?: ConfigFlags;
  readonly env?: Readonly<Record<string, string>>;
  /** The configuration file; named by `--config` unless something else names it. */
  readonly file?: string;
  readonly files?: Readonly<Record<string, string>>;
}

function load({ flags = {}, env = {}, file, files = {} }: Given): LoadedConfig {
  const all: Record<string, string> = { ...files, ...(file === undefined ? {} : { 'entrepot.yaml': file }) };
  const readFile = (path: string): string => {
    const text = all[path];
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return text;
  };
  return loadConfig({ flags: file === undefined ? flags : { config: 'entrepot.yaml', ...flags }, env, readFile });
}

function faultsOf(given: Given): readonly string[] {
  try {
    load(given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ key, source, expected, found }) => `${key} | ${source} | ${expected} | ${found}`);
  }
  return [];
}

test('without anything written, the registry listens on this machine and keeps its data beside it', () => {
  const { config, secrets } = load({});
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 5080 });
  assert.equal(config.data, resolve('data'));
  assert.deepEqual(config.database, { kind: 'sqlite', path: resolve('data/entrepot.db') });
  assert.deepEqual(config.blobs, { kind: 'filesystem', cacheSizeBytes: 64 * 1024 ** 2, path: resolve('data/blobs') });
  assert.equal(config.tls, null);
  assert.equal(config.externalUrl, undefined);
  assert.equal(secrets.adminPassword, undefined);
});

test('a flag wins over a variable, a variable over the file, the file over the default', () => {
  const file = 'workers: 2\nlog: { level: warn, format: text }\n';
  const env = { ENTREPOT_LOG_LEVEL: 'error', ENTREPOT_WORKERS: '3' };
  const { config } = load({ flags: { workers: 4 }, env, file });
  assert.equal(config.workers, 4);
  assert.deepEqual(config.log, { level: 'error', format: 'text' });
});

test('a flag may be written as a key, with dashes or in camel case', () => {
  for (const name of ['blobs.s3.bucket', 'blobs-s3-bucket', 'blobsS3Bucket', 'blobs_s3_bucket']) {
    assert.equal(load({ flags: { [name]: 'images' } }).config.blobs.kind, 's3', name);
  }
});

test('the file may be named by a variable, and may be JSON', () => {
  const given = { env: { ENTREPOT_CONFIG: '/etc/e.json' }, files: { '/etc/e.json': '{"read_only": true}' } };
  assert.equal(load(given).config.readOnly, true);
});

test('an empty value counts as not written', () => {
  assert.equal(load({ env: { ENTREPOT_WORKERS: '' }, file: 'workers:\nlog:\ndata: ~\n' }).config.workers, 1);
});

test('a bucket makes the store S3, with the path style that its endpoint needs', () => {
  const { config, secrets } = load({
    env: { ENTREPOT_BLOBS_S3_ACCESS_KEY: 'id', ENTREPOT_BLOBS_S3_SECRET_KEY: 'hush' },
    file: 'blobs: { s3: { bucket: images, prefix: /a/b/, endpoint: "http://minio:9000/" } }',
  });
  assert.deepEqual(config.blobs, {
    kind: 's3',
    cacheSizeBytes: 64 * 1024 ** 2,
    endpoint: 'http://minio:9000',
    region: 'us-east-1',
    bucket: 'images',
    prefix: 'a/b',
    pathStyle: true,
    redirect: false,
    redirectExpiresMs: 20 * 60_000,
    partSizeBytes: 16 * 1024 ** 2,
    uploadMemoryBytes: 256 * 1024 ** 2,
  });
  assert.equal(secrets.s3AccessKey, 'id');
  assert.equal(secrets.s3SecretKey, 'hush');
  assert.equal(load({ flags: { 'blobs.s3.bucket': 'images' } }).config.blobs.kind, 's3');
});

test('a store may be kept as filesystem while the bucket is written already', () => {
  const file = 'blobs: { kind: filesystem, s3: { bucket: images } }';
  assert.equal(load({ file }).config.blobs.kind, 'filesystem');
});

test('a PostgreSQL address selects PostgreSQL and stays out of the configuration', () => {
  const url = 'postgres://entrepot:hush@db:5432/entrepot';
  const { config, secrets } = load({ env: { ENTREPOT_DATABASE_URL: url, ENTREPOT_DATABASE_POOL_SIZE: '3' } });
  assert.deepEqual(config.database, { kind: 'postgres', poolSize: 3 });
  assert.equal(secrets.databaseUrl, url);
  assert.ok(!JSON.stringify(config).includes('hush'));
});

test('networks come as a list in the file and as text with commas in a variable', () => {
  const expected = ['10.0.0.0/8', '::1/128'];
  assert.deepEqual(load({ file: 'trusted_proxies:\n  - 10.0.0.0/8\n  - ::1\n' }).config.trustedProxies, expected);
  assert.deepEqual(load({ env: { ENTREPOT_TRUSTED_PROXIES: '10.0.0.0/8, ::1' } }).config.trustedProxies, expected);
});

test('TLS comes on with a certificate and its key', () => {
  const file = 'tls: { certificate: a.crt, key: a.key, min_version: 1.3, client_ca: ca.crt, client_auth: required }';
  assert.deepEqual(load({ file }).config.tls, {
    certificate: resolve('a.crt'),
    key: resolve('a.key'),
    minVersion: 'TLSv1.3',
    clientCa: resolve('ca.crt'),
    clientAuth: 'required',
  });
});

test('a secret may be in a file, named by a variable or by the configuration', () => {
  const files = { '/run/secrets/admin': 'hush hush\n' };
  const byVariable = load({ env: { ENTREPOT_ADMIN_PASSWORD_FILE: '/run/secrets/admin' }, files });
  const byFile = load({ file: 'auth: { admin_password_file: /run/secrets/admin }', files });
  assert.equal(byVariable.secrets.adminPassword, 'hush hush');
  assert.equal(byFile.secrets.adminPassword, 'hush hush');
});

test('secrets print as redacted and say only which there are', () => {
  const { secrets } = load({
    env: { ENTREPOT_ADMIN_PASSWORD: 'hush', ENTREPOT_DATABASE_URL: 'postgres://u:hush@h/d' },
  });
  for (const printed of [inspect(secrets), JSON.stringify({ secrets }), inspect({ deep: [secrets] })]) {
    assert.ok(!printed.includes('hush'), printed);
    assert.ok(printed.includes('[redacted]'), printed);
  }
});

test('variables of the client, of tests and of Kubernetes are left alone', () => {
  const env = {
    ENTREPOT_HOST: 'hub.example.com',
    ENTREPOT_TEST_RUN: '1',
    ENTREPOT_SERVICE_HOST: '10.0.0.1',
    ENTREPOT_SERVICE_PORT: '80',
    ENTREPOT_SERVICE_PORT_HTTP: '80',
    ENTREPOT_PORT: 'tcp://10.0.0.1:80',
    ENTREPOT_PORT_80_TCP_ADDR: '10.0.0.1',
    ENTREPOT_REDIS_SERVICE_HOST: '10.0.0.2',
    PATH: '/bin',
  };
  assert.deepEqual(faultsOf({ env }), []);
});

interface Faulty extends Given {
  readonly name: string;
  readonly expected: readonly string[];
}

const faulty: readonly Faulty[] = [
  {
    name: 'an unknown variable is refused with what was probably meant',
    env: { ENTREPOT_BLOB_S3_BUCKET: 'x' },
    expected: [
      'ENTREPOT_BLOB_S3_BUCKET | ENTREPOT_BLOB_S3_BUCKET | a key of the reference, perhaps ENTREPOT_BLOBS_S3_BUCKET | an unknown key',
    ],
  },
  {
    name: 'a port alone is no service link',
    env: { ENTREPOT_PORT: '5080' },
    expected: ['ENTREPOT_PORT | ENTREPOT_PORT | a key of the reference | an unknown key'],
  },
  {
    name: 'only secrets have a variable for a file',
    env: { ENTREPOT_LISTEN_FILE: '/x' },
    expected: ['ENTREPOT_LISTEN_FILE | ENTREPOT_LISTEN_FILE | a key of the reference | an unknown key'],
  },
  {
    name: 'an unknown flag is refused with what was probably meant',
    flags: { lissten: ':1' },
    expected: ['--lissten | --lissten | a key of the reference, perhaps --listen | an unknown key'],
  },
  {
    name: 'an unknown key is refused with its line',
    file: 'log:\n  levle: info\nrequire_children: x\n',
    expected: [
      'log.levle | entrepot.yaml:2 | a key of the reference, perhaps log.level | an unknown key',
      'require_children | entrepot.yaml:3 | a key of the reference, perhaps indexes.require_children | an unknown key',
    ],
  },
  {
    name: 'every value that is not understood is told, with its source',
    flags: { listen: '5080' },
    env: { ENTREPOT_WORKERS: 'many' },
    file: 'uploads:\n  expire: 60\nblobs:\n  s3: { part_size: 1MiB, bucket: images }\nlog: { level: loud }\n',
    expected: [
      'listen | --listen | HOST:PORT: write :5080 for every interface | "5080"',
      'workers | ENTREPOT_WORKERS | a whole number | "many"',
      'log.level | entrepot.yaml:5 | one of debug, info, warn, error | "loud"',
      'blobs.s3.part_size | entrepot.yaml:4 | at least 5MiB | "1MiB"',
      'uploads.expire | entrepot.yaml:2 | a duration with its unit: write 60s for seconds | "60"',
    ],
  },
  {
    name: 'a value that another source overrides is not looked at',
    env: { ENTREPOT_WORKERS: '2' },
    file: 'workers: many\n',
    expected: [],
  },
  {
    name: 'a key that stands twice is refused',
    file: 'workers: 1\nlog: {}\nworkers: 2\nlog: { level: info }\n',
    expected: [
      'workers | entrepot.yaml:3 | the key only once; it stands in entrepot.yaml:1 already | a second one',
      'log | entrepot.yaml:4 | the key only once; it stands in entrepot.yaml:2 already | a second one',
    ],
  },
  {
    name: 'aliases are not followed',
    file: 'data: &a [x, x]\nlisten: *a\n',
    expected: [
      'data | entrepot.yaml:1 | a single value | a list',
      'listen | entrepot.yaml:2 | a single value | an alias',
    ],
  },
  {
    name: 'a section is not a value, nor a value a section',
    file: 'listen: { host: x }\nlog: info\n',
    expected: [
      'listen | entrepot.yaml:1 | a single value | a section',
      'log | entrepot.yaml:2 | a section, with keys such as log.level | a value',
    ],
  },
  {
    name: 'a file that is missing is one fault',
    flags: { config: '/nowhere.yaml' },
    expected: ["config | /nowhere.yaml | a file that can be read | ENOENT: no such file, open '/nowhere.yaml'"],
  },
  {
    name: 'a file that holds a list is one fault',
    file: '- listen\n- data\n',
    expected: ['config | entrepot.yaml:1 | keys with their values | something else'],
  },
  {
    name: 'a secret is told once, either itself or by its file, and never shown',
    env: { ENTREPOT_ADMIN_PASSWORD: 'hush', ENTREPOT_ADMIN_PASSWORD_FILE: '/s', ENTREPOT_DATABASE_URL: 'mysql://hush' },
    files: { '/s': 'hush' },
    expected: [
      'auth.admin_password | ENTREPOT_ADMIN_PASSWORD_FILE | one value, either here or in ENTREPOT_ADMIN_PASSWORD | a second one',
      'database.url | ENTREPOT_DATABASE_URL | postgres://USER:PASSWORD@HOST:PORT/DATABASE | [redacted]',
    ],
  },
  {
    name: 'a file for a secret must be there and hold one',
    env: { ENTREPOT_ADMIN_PASSWORD_FILE: '/none', ENTREPOT_BLOBS_S3_SECRET_KEY_FILE: '/empty' },
    files: { '/empty': '\n' },
    expected: [
      "auth.admin_password | ENTREPOT_ADMIN_PASSWORD_FILE | a file that can be read | /none: ENOENT: no such file, open '/none'",
      'blobs.s3.secret_key | ENTREPOT_BLOBS_S3_SECRET_KEY_FILE | a file that holds the secret | /empty, which is empty',
    ],
  },
  {
    name: 'S3 without a bucket is refused',
    file: 'blobs: { kind: s3 }',
    expected: ['blobs.s3.bucket | ENTREPOT_BLOBS_S3_BUCKET | a bucket, since blobs.kind is s3 | nothing'],
  },
  {
    name: 'S3 settings that would be ignored are refused',
    file: 'blobs: { s3: { endpoint: "http://minio:9000" } }',
    expected: ['blobs.s3.bucket | ENTREPOT_BLOBS_S3_BUCKET | a bucket, since blobs.s3.endpoint is set | nothing'],
  },
  {
    name: 'an access key without its secret is refused',
    file: 'blobs: { s3: { bucket: images, access_key: id } }',
    expected: ['blobs.s3.secret_key | ENTREPOT_BLOBS_S3_SECRET_KEY | the secret of blobs.s3.access_key | nothing'],
  },
  {
    name: 'a certificate without its key is refused, and client authentication without an authority',
    file: 'tls:\n  certificate: a.crt\n  client_auth: required\n',
    expected: [
      'tls.key | ENTREPOT_TLS_KEY | the key of tls.certificate | nothing',
      'tls.client_ca | ENTREPOT_TLS_CLIENT_CA | an authority, since tls.client_auth is required | nothing',
    ],
  },
  {
    name: 'an authority that nothing asks is refused',
    file: 'tls: { certificate: a.crt, key: a.key, client_ca: ca.crt }',
    expected: ['tls.client_auth | ENTREPOT_TLS_CLIENT_AUTH | optional or required, since tls.client_ca is set | none'],
  },
  {
    name: 'a cold tier in S3 without a bucket is refused',
    file: 'blobs: { cold: { kind: s3 } }',
    expected: [
      'blobs.cold.s3.bucket | ENTREPOT_BLOBS_COLD_S3_BUCKET | a bucket, since blobs.cold.kind is s3 | nothing',
    ],
  },
  {
    name: 'a cold tier of no kind is refused',
    file: 'blobs: { cold: { path: /cold } }',
    expected: ['blobs.cold.kind | ENTREPOT_BLOBS_COLD_KIND | filesystem or s3, since blobs.cold.path is set | nothing'],
  },
  {
    name: 'two tiers in one folder are refused',
    file: 'data: /d\nblobs: { cold: { kind: filesystem, path: /d/blobs } }',
    expected: ['blobs.cold.path | entrepot.yaml:2 | another folder than that of the hot tier | /d/blobs'],
  },
  {
    name: 'two tiers in one folder of a bucket are refused',
    file: 'blobs: { s3: { bucket: images, prefix: /a/ }, cold: { kind: s3, s3: { bucket: images, prefix: a } } }',
    expected: [
      'blobs.cold.s3.prefix | entrepot.yaml:1 | another folder than that of the hot tier, since the bucket is the same | a',
    ],
  },
  {
    name: 'the limit for all is not below the limit for one',
    file: 'uploads: { max_open_total: 5, max_open_per_user: 6 }',
    expected: ['uploads.max_open_total | entrepot.yaml:1 | at least uploads.max_open_per_user | 5'],
  },
];

for (const { name, expected, ...given } of faulty) {
  test(name, () => {
    assert.deepEqual(faultsOf(given), expected);
  });
}

for (const file of ['a: [1\nb: {', 'a: 1\n---\nb: 2\n', '\tlisten: x', '%YAML 9\n---\n{', '!unknown {a: 1}']) {
  test(`${JSON.stringify(file)} is one fault: no YAML document`, () => {
    const faults = faultsOf({ file });
    assert.equal(faults.length, 1, faults.join('\n'));
    assert.match(faults[0] ?? '', /^config \| entrepot\.yaml:\d+ \| a YAML document \| /);
  });
}

test('the message of a faulty configuration names every fault on a line of its own', () => {
  assert.throws(() => load({ flags: { listen: 'x', workers: 0 } }), {
    name: 'ConfigError',
    message:
      /^The configuration has 2 faults:\n {2}listen \(--listen\): expected .*; found "x"\n {2}workers \(--workers\): /,
  });
});

test('every key has its own variable, and the examples can stand together', () => {
  assert.equal(new Set(configTable.map((row) => row.env)).size, configTable.length);
  // What is shipped is SQLite's log, and workers of their own need PostgreSQL.
  for (const part of [/^(database|jobs)\./, /^backup\./]) {
    const examples = configTable.filter(({ key }) => !part.test(key));
    assert.deepEqual(faultsOf({ flags: Object.fromEntries(examples.map(({ key, example }) => [key, example])) }), []);
    assert.deepEqual(faultsOf({ env: Object.fromEntries(examples.map(({ env, example }) => [env, example])) }), []);
  }
});
