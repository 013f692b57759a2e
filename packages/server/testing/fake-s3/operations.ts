import type { IncomingHttpHeaders } from 'node:http';
import type { Bucket, NamedPart, ObjectKind, StoredObject } from './bucket.ts';
import { escapeXml, S3Failure, unescapeXml } from './s3-failure.ts';

/** A request that passed the checks of its signature. */
export interface S3Request {
  readonly method: string;
  /** The key in the bucket; empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | AsyncIterable<Buffer>;
}

type Operation = (bucket: Bucket, request: S3Request) => Promise<S3Answer>;

/** The name S3 has for a request, by which faults and logs go. Undefined for what the fake does not do. */
export function nameOperation(method: string, key: string, query: URLSearchParams): string | undefined {
  if (key === '') {
    return method === 'HEAD'
      ? 'HeadBucket'
      : method === 'GET'
        ? query.has('uploads')
          ? 'ListMultipartUploads'
          : 'ListObjectsV2'
        : undefined;
  }
  switch (method) {
    case 'PUT':
      return query.has('partNumber') ? 'UploadPart' : 'PutObject';
    case 'POST':
      return query.has('uploads')
        ? 'CreateMultipartUpload'
        : query.has('uploadId')
          ? 'CompleteMultipartUpload'
          : query.has('restore')
            ? 'RestoreObject'
            : undefined;
    case 'DELETE':
      return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'GET':
      return query.has('uploadId') ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    default:
      return undefined;
  }
}

const getObject: Operation = async (bucket, { key, query, headers, method }) => {
  const object = bucket.find(key);
  const archive = bucket.archiveState(key);
  if (method === 'GET' && (archive === 'archived' || archive === 'ongoing')) {
    throw new S3Failure(403, 'InvalidObjectState', "The operation is not valid for the object's storage class");
  }
  const etag = `"${object.etag}"`;
  if (headers['if-match'] !== undefined && headers['if-match'] !== etag) {
    throw new S3Failure(412, 'PreconditionFailed');
  }
  if (headers['if-none-match'] === etag) {
    return { status: 304, headers: { etag } };
  }
  const range = readRange(headers.range, object.size);
  const [first, last] = range ?? [0, object.size - 1];
  const answer: Record<string, string> = {
    etag,
    'accept-ranges': 'bytes',
    'last-modified': new Date(object.modified).toUTCString(),
    'content-type': query.get('response-content-type') ?? object.contentType,
    'content-length': String(last - first + 1),
  };
  if (object.storageClass !== undefined) {
    answer['x-amz-storage-class'] = object.storageClass;
  }
  if (archive === 'ongoing') {
    answer['x-amz-restore'] = 'ongoing-request="true"';
  } else if (archive === 'restored') {
    answer['x-amz-restore'] = 'ongoing-request="false", expiry-date="Fri, 21 Dec 2035 00:00:00 GMT"';
  }
  const disposition = query.get('response-content-disposition');
  if (disposition !== null) {
    answer['content-disposition'] = disposition;
  }
  if (range !== undefined) {
    answer['content-range'] = `bytes ${first}-${last}/${object.size}`;
  }
  const status = range === undefined ? 200 : 206;
  return { status, headers: answer, ...(method === 'GET' ? { body: bucket.read(object, first, last) } : {}) };
};

const operations: Readonly<Record<string, Operation>> = {
  GetObject: getObject,
  HeadObject: getObject,

  async HeadBucket() {
    return { status: 200 };
  },

  async PutObject(bucket, { key, body, headers }) {
    refuseCopy(headers);
    const { etag } = await bucket.put(key, body, kindOf(headers), headers['if-none-match'] === '*');
    return { status: 200, headers: { etag: `"${etag}"` } };
  },

  async DeleteObject(bucket, { key }) {
    await bucket.delete(key);
    return { status: 204 };
  },

  async CreateMultipartUpload(bucket, { key, headers }) {
    const uploadId = await bucket.begin(key, kindOf(headers));
    return xml('InitiateMultipartUploadResult', `<Key>${escapeXml(key)}</Key><UploadId>${uploadId}</UploadId>`);
  },

  async UploadPart(bucket, { key, query, body, headers }) {
    refuseCopy(headers);
    const etag = await bucket.putPart(key, query.get('uploadId') ?? '', Number(query.get('partNumber')), body);
    return { status: 200, headers: { etag: `"${etag}"` } };
  },

  async CompleteMultipartUpload(bucket, { key, query, body, headers }) {
    const parts = readParts(body.toString('utf8'));
    const onlyNew = headers['if-none-match'] === '*';
    const { etag } = await bucket.complete(key, query.get('uploadId') ?? '', parts, onlyNew);
    return xml('CompleteMultipartUploadResult', `<Key>${escapeXml(key)}</Key><ETag>&quot;${etag}&quot;</ETag>`);
  },

  async RestoreObject(bucket, { key, body }) {
    const state = bucket.archiveState(key);
    bucket.find(key);
    if (state === 'none') throw new S3Failure(403, 'InvalidObjectState');
    if (!/<Days>\d+<\/Days>/.test(body.toString('utf8'))) throw new S3Failure(400, 'MalformedXML');
    if (state === 'ongoing') throw new S3Failure(409, 'RestoreAlreadyInProgress');
    if (state === 'archived') bucket.restore(key);
    return { status: state === 'restored' ? 200 : 202 };
  },

  async AbortMultipartUpload(bucket, { key, query }) {
    await bucket.abort(key, query.get('uploadId') ?? '');
    return { status: 204 };
  },

  async ListParts(bucket, { key, query }) {
    const upload = bucket.findUpload(key, query.get('uploadId') ?? '');
    const after = Number(query.get('part-number-marker') ?? 0);
    const all = Object.entries(upload.parts).filter(([number]) => Number(number) > after);
    const shown = all.slice(0, Math.min(Number(query.get('max-parts') ?? 1000), 1000));
    const items = shown.map(
      ([number, { etag, size }]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size></Part>`,
    );
    const more = all.length > shown.length;
    const next = more ? `<NextPartNumberMarker>${shown.at(-1)?.[0]}</NextPartNumberMarker>` : '';
    return xml('ListPartsResult', `<IsTruncated>${more}</IsTruncated>${next}${items.join('')}`);
  },

  async ListMultipartUploads(bucket, { query }) {
    const prefix = query.get('prefix') ?? '';
    const items = [...bucket.uploads]
      .filter(([, { key }]) => key.startsWith(prefix))
      .map(([id, { key }]) => `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId></Upload>`);
    return xml('ListMultipartUploadsResult', `<IsTruncated>false</IsTruncated>${items.join('')}`);
  },

  async ListObjectsV2(bucket, { query }) {
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const keys = [...bucket.objects.keys()]
      .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
      .sort();
    const shown = keys.slice(0, Math.min(Number(query.get('max-keys') ?? 1000), 1000));
    const next =
      keys.length > shown.length
        ? `<NextContinuationToken>${escapeXml(shown.at(-1) ?? '')}</NextContinuationToken>`
        : '';
    const items = shown.map((key) => listedObject(key, bucket.find(key)));
    return xml(
      'ListBucketResult',
      `<IsTruncated>${next !== ''}</IsTruncated>${next}<KeyCount>${shown.length}</KeyCount>${items.join('')}`,
    );
  },
};

/** Does what the request asks for. Throws S3Failure where S3 would refuse. */
export async function runOperation(name: string, bucket: Bucket, request: S3Request): Promise<S3Answer> {
  const operation = operations[name];
  if (operation === undefined) {
    throw new S3Failure(501, 'NotImplemented');
  }
  return operation(bucket, request);
}

function xml(root: string, content: string): S3Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`,
  };
}

function listedObject(key: string, { size, etag, modified }: StoredObject): string {
  return `<Contents><Key>${escapeXml(key)}</Key><LastModified>${modified}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size></Contents>`;
}

function kindOf(headers: IncomingHttpHeaders): ObjectKind {
  const storageClass = headers['x-amz-storage-class'];
  return {
    contentType: headers['content-type'] ?? 'binary/octet-stream',
    ...(typeof storageClass === 'string' ? { storageClass } : {}),
  };
}

function refuseCopy(headers: IncomingHttpHeaders): void {
  if (headers['x-amz-copy-source'] !== undefined) {
    throw new S3Failure(501, 'NotImplemented', 'this store does not copy');
  }
}

function readParts(text: string): NamedPart[] {
  return [...text.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: unescapeXml(/<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? ''),
  }));
}

function readRange(header: string | undefined, size: number): [number, number] | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) {
    return undefined;
  }
  const [, from = '', to = ''] = match;
  const first = from === '' ? Math.max(size - Number(to), 0) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first >= size || first > last) {
    throw new S3Failure(416, 'InvalidRange');
  }
  return [first, last];
}
