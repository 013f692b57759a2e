import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListParts,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';

function clientOf(fake: FakeS3, config: S3ClientConfig = {}): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = fake;
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1, ...config });
}

async function readObject(client: S3Client, bucket: string, key: string, range?: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }));
  return Body?.transformToString() ?? '';
}

test('objects come back whole and in parts, and keys may have any characters', async () => {
  await using fake = await startFakeS3();
  const client = clientOf(fake);
  const Key = "folder/a b+c%20'(ü)*~!&=.txt";
  await client.send(new PutObjectCommand({ Bucket: fake.bucket, Key, Body: 'hello world' }));
  assert.equal(await readObject(client, fake.bucket, Key), 'hello world');
  assert.equal(await readObject(client, fake.bucket, Key, 'bytes=6-'), 'world');
  assert.equal(await readObject(client, fake.bucket, Key, 'bytes=-5'), 'world');
  assert.equal(await readObject(client, fake.bucket, Key, 'bytes=0-0'), 'h');
  await assert.rejects(readObject(client, fake.bucket, Key, 'bytes=11-'), { name: 'InvalidRange' });
  const list = await client.send(new ListObjectsV2Command({ Bucket: fake.bucket, Prefix: 'folder/' }));
  assert.deepEqual(
    list.Contents?.map((object) => object.Key),
    [Key],
  );
  await client.send(new DeleteObjectCommand({ Bucket: fake.bucket, Key }));
  await client.send(new DeleteObjectCommand({ Bucket: fake.bucket, Key }));
  await assert.rejects(readObject(client, fake.bucket, Key), { name: 'NoSuchKey' });
  await assert.rejects(client.send(new HeadObjectCommand({ Bucket: fake.bucket, Key })), { name: 'NotFound' });
});

test('wrong keys, a wrong region, a wrong clock and missing signatures are refused', async () => {
  await using fake = await startFakeS3();
  const put = () => new PutObjectCommand({ Bucket: fake.bucket, Key: 'k', Body: 'x' });
  const { accessKeyId, secretAccessKey } = fake;
  const wrongSecret = { credentials: { accessKeyId, secretAccessKey: 'x' } };
  await assert.rejects(clientOf(fake, wrongSecret).send(put()), { name: 'SignatureDoesNotMatch' });
  const wrongId = { credentials: { accessKeyId: 'x', secretAccessKey } };
  await assert.rejects(clientOf(fake, wrongId).send(put()), { name: 'InvalidAccessKeyId' });
  const wrongRegion = { region: 'eu-west-1' };
  await assert.rejects(clientOf(fake, wrongRegion).send(put()), { name: 'AuthorizationHeaderMalformed' });
  const wrongClock = { systemClockOffset: -3_600_000 };
  await assert.rejects(clientOf(fake, wrongClock).send(put()), { name: 'RequestTimeTooSkewed' });
  assert.equal((await fetch(`${fake.endpoint}/${fake.bucket}/k`)).status, 403);
  assert.deepEqual(fake.listKeys(), []);
});

test('a body that was changed on the way is refused', async () => {
  await using fake = await startFakeS3();
  const client = clientOf(fake);
  client.middlewareStack.add(
    (next) => (args) => {
      (args.request as { body: unknown }).body = Buffer.from('other');
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'change' },
  );
  await assert.rejects(client.send(new PutObjectCommand({ Bucket: fake.bucket, Key: 'k', Body: 'right' })), {
    name: 'XAmzContentSHA256Mismatch',
  });
});

test('a stream with a checksum behind it is kept', async () => {
  await using fake = await startFakeS3();
  const client = clientOf(fake);
  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
    const chunks = Array.from({ length: 20 }, (_, index) => Buffer.alloc(10_000, index));
    const Body = Readable.from(chunks, { objectMode: false });
    const names = { Bucket: fake.bucket, Key: ChecksumAlgorithm, ContentLength: 200_000, ChecksumAlgorithm };
    await client.send(new PutObjectCommand({ ...names, Body }));
    assert.equal(await readObject(client, fake.bucket, ChecksumAlgorithm), Buffer.concat(chunks).toString());
  }
});

test('signed chunks are checked one by one', async () => {
  await using fake = await startFakeS3();
  assert.equal((await sendSignedChunks(fake, ['a'.repeat(70_000), 'tail'])).status, 200);
  assert.equal(await readObject(clientOf(fake), fake.bucket, 'chunked'), `${'a'.repeat(70_000)}tail`);
  const forged = await sendSignedChunks(fake, ['one', 'two'], (body) => body.replace('two', 'owt'));
  assert.equal(forged.status, 403);
  assert.match(forged.body, /SignatureDoesNotMatch/);
});

async function sendSignedChunks(
  fake: FakeS3,
  chunks: readonly string[],
  change: (body: string) => string = (body) => body,
): Promise<{ status: number | undefined; body: string }> {
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const sha = (data: string) => createHash('sha256').update(data).digest('hex');
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${fake.region}/s3/aws4_request`;
  const key = ['aws4_request', 's3', fake.region, time.slice(0, 8)].reduceRight<string | Buffer>(
    hmac,
    `AWS4${fake.secretAccessKey}`,
  );
  const headers: Record<string, string> = {
    'content-encoding': 'aws-chunked',
    host: `localhost:${fake.port}`,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-date': time,
    'x-amz-decoded-content-length': String(chunks.join('').length),
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = `PUT\n/${fake.bucket}/chunked\n\n${lines.join('')}\n${names}\n${headers['x-amz-content-sha256']}`;
  const seed = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha(canonical)}`).toString('hex');
  let previous = seed;
  const parts = [...chunks, ''].map((data) => {
    const toSign = `AWS4-HMAC-SHA256-PAYLOAD\n${time}\n${scope}\n${previous}\n${sha('')}\n${sha(data)}`;
    previous = hmac(key, toSign).toString('hex');
    return `${data.length.toString(16)};chunk-signature=${previous}\r\n${data}\r\n`;
  });
  const body = change(parts.join(''));
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${fake.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${seed}`;
  headers['content-length'] = String(body.length);
  return new Promise((resolve, reject) => {
    const options = { method: 'PUT', headers, host: 'localhost', port: fake.port, path: `/${fake.bucket}/chunked` };
    const sent = httpRequest(options, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode, body: answer }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('a multipart upload follows the rules of S3', async () => {
  await using fake = await startFakeS3();
  const client = clientOf(fake);
  const names = { Bucket: fake.bucket, Key: 'big' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(names));
  const upload = { ...names, UploadId };
  const put = async (PartNumber: number, Body: Buffer) =>
    (await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }))).ETag;
  const complete = (parts: [number, string | undefined][]) =>
    client.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts: parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag })) },
      }),
    );
  const small = await put(1, Buffer.alloc(100, 1));
  const last = await put(2, Buffer.alloc(100, 2));
  await assert.rejects(put(10_001, Buffer.alloc(1)), { name: 'InvalidArgument' });
  await assert.rejects(
    complete([
      [1, small],
      [2, last],
    ]),
    { name: 'EntityTooSmall' },
  );
  const large = await put(1, Buffer.alloc(5 * 1024 * 1024, 1));
  await assert.rejects(
    complete([
      [1, small],
      [2, last],
    ]),
    { name: 'InvalidPart' },
  );
  await assert.rejects(
    complete([
      [2, last],
      [1, large],
    ]),
    { name: 'InvalidPartOrder' },
  );
  await complete([
    [1, large],
    [2, last],
  ]);
  await assert.rejects(complete([[1, large]]), { name: 'NoSuchUpload' });
  const { ContentLength, ETag } = await client.send(new HeadObjectCommand(names));
  assert.equal(ContentLength, 5 * 1024 * 1024 + 100);
  assert.match(ETag ?? '', /-2"$/);
  assert.equal(await readObject(client, fake.bucket, 'big', 'bytes=5242879-5242880'), '\u0001\u0002');
});

test('parts are listed page by page, and an aborted upload is gone', async () => {
  await using fake = await startFakeS3();
  const client = clientOf(fake);
  const names = { Bucket: fake.bucket, Key: 'big' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(names));
  for (let PartNumber = 1; PartNumber <= 7; PartNumber++) {
    await client.send(new UploadPartCommand({ ...names, UploadId, PartNumber, Body: 'x' }));
  }
  const sizes: number[] = [];
  for await (const page of paginateListParts({ client, pageSize: 3 }, { ...names, UploadId })) {
    sizes.push(page.Parts?.length ?? 0);
  }
  assert.deepEqual(sizes, [3, 3, 1]);
  assert.deepEqual(fake.listOpenUploads(), ['big']);
  await client.send(new AbortMultipartUploadCommand({ ...names, UploadId }));
  assert.deepEqual(fake.listOpenUploads(), []);
  await assert.rejects(client.send(new UploadPartCommand({ ...names, UploadId, PartNumber: 1, Body: 'x' })), {
    name: 'NoSuchUpload',
  });
});

test('only a new key can be written under If-None-Match, and nothing is copied', async () => {
  await using fake = await startFakeS3();
  const client = clientOf(fake);
  const put = () => new PutObjectCommand({ Bucket: fake.bucket, Key: 'k', Body: 'x', IfNoneMatch: '*' });
  await client.send(put());
  await assert.rejects(client.send(put()), { name: 'PreconditionFailed' });
  const copy = new CopyObjectCommand({ Bucket: fake.bucket, Key: 'k2', CopySource: `${fake.bucket}/k` });
  await assert.rejects(client.send(copy), { name: 'NotImplemented' });
});

test('a folder keeps objects and open uploads over a restart', async () => {
  const data = await mkdtemp(join(tmpdir(), 'fake-s3-'));
  try {
    const names = { Bucket: 'blobs', Key: 'a/b' };
    let uploadId: string | undefined;
    {
      await using fake = await startFakeS3({ data });
      const client = clientOf(fake);
      await client.send(new PutObjectCommand({ ...names, Body: 'kept' }));
      uploadId = (await client.send(new CreateMultipartUploadCommand({ ...names, Key: 'c' }))).UploadId;
    }
    await using fake = await startFakeS3({ data });
    assert.equal(await readObject(clientOf(fake), 'blobs', 'a/b'), 'kept');
    const part = { ...names, Key: 'c', UploadId: uploadId, PartNumber: 1, Body: 'x' };
    await clientOf(fake).send(new UploadPartCommand(part));
    assert.deepEqual(fake.listOpenUploads(), ['c']);
  } finally {
    await rm(data, { recursive: true });
  }
});

test('one that runs alone is steered over HTTP', async () => {
  await using fake = await startFakeS3();
  const client = clientOf(fake);
  const put = () => client.send(new PutObjectCommand({ Bucket: fake.bucket, Key: 'k', Body: 'x' }));
  const fault = { operations: ['PutObject'], action: { kind: 'status', status: 503, code: 'SlowDown' } };
  await fetch(`${fake.endpoint}/-/faults`, { method: 'POST', body: JSON.stringify(fault) });
  await assert.rejects(put(), { name: 'SlowDown' });
  await fetch(`${fake.endpoint}/-/faults`, { method: 'DELETE' });
  await put();
  assert.deepEqual(await (await fetch(`${fake.endpoint}/-/state`)).json(), { keys: ['k'], uploads: [] });
});
