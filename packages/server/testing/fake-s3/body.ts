import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import { S3Failure } from './s3-failure.ts';
import { type CheckedSignature, checkChunkSignature, sha256 } from './signature.ts';

/**
 * Reads a whole request body: plain, or `aws-chunked` with signed or unsigned chunks. Checks length, payload hash, chunk
 * signatures and checksums in headers and trailers. Throws S3Failure 400 for what does not fit.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export async function readBody(request: IncomingMessage, signature: CheckedSignature): Promise<Buffer> {
  const { headers } = request;
  const chunked = (headers['content-encoding'] ?? '').split(',').some((coding) => coding.trim() === 'aws-chunked');
  if (chunked !== signature.payload.startsWith('STREAMING-')) {
    throw new S3Failure(400, 'InvalidRequest', 'aws-chunked and x-amz-content-sha256 contradict each other');
  }
  const raw = await readRaw(request, chunked);
  if (!chunked) {
    if (signature.payload !== 'UNSIGNED-PAYLOAD' && signature.payload !== sha256(raw)) {
      throw new S3Failure(400, 'XAmzContentSHA256Mismatch');
    }
    checkChecksums(raw, headers);
    return raw;
  }
  const { data, trailers } = decodeChunks(raw, signature);
  if (data.length !== Number(headers['x-amz-decoded-content-length'])) {
    throw new S3Failure(400, 'IncompleteBody', 'x-amz-decoded-content-length differs from the chunks');
  }
  const promised = String(headers['x-amz-trailer'] ?? '').toLowerCase();
  if (promised !== '' && trailers[promised] === undefined) {
    throw new S3Failure(400, 'MalformedTrailerError', `trailer ${promised} is missing`);
  }
  checkChecksums(data, { ...headers, ...trailers });
  return data;
}

async function readRaw(request: IncomingMessage, mayBeChunked: boolean): Promise<Buffer> {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined && !mayBeChunked) {
    throw new S3Failure(411, 'MissingContentLength');
  }
  const parts: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    parts.push(chunk);
  }
  const raw = Buffer.concat(parts);
  if (headers['content-length'] !== undefined && Number(headers['content-length']) !== raw.length) {
    throw new S3Failure(400, 'IncompleteBody');
  }
  return raw;
}

function decodeChunks(raw: Buffer, signature: CheckedSignature): { data: Buffer; trailers: Record<string, string> } {
  const signed = signature.payload.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
  const parts: Buffer[] = [];
  let previous = signature.signature;
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    const match = /^([0-9a-f]+)(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(
      raw.toString('latin1', at, Math.max(at, lineEnd)),
    );
    if (lineEnd < 0 || match === null || (signed && match[2] === undefined)) {
      throw new S3Failure(400, 'InvalidChunk', 'a chunk header is malformed');
    }
    const size = Number.parseInt(match[1] ?? '', 16);
    const data = raw.subarray(lineEnd + 2, lineEnd + 2 + size);
    if (signed) {
      previous = checkChunkSignature(signature, previous, data, match[2] ?? '');
    }
    at = lineEnd + 2 + size;
    if (size === 0) {
      return { data: Buffer.concat(parts), trailers: readTrailers(raw.toString('latin1', at)) };
    }
    if (data.length !== size || raw.toString('latin1', at, at + 2) !== '\r\n') {
      throw new S3Failure(400, 'IncompleteBody', 'a chunk is cut short');
    }
    parts.push(data);
    at += 2;
  }
}

function readTrailers(text: string): Record<string, string> {
  const pairs = text
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/:(.*)/s));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name.trim().toLowerCase(), value.trim()]));
}

const checksums: Readonly<Record<string, (data: Uint8Array) => string>> = {
  'content-md5': (data) => createHash('md5').update(data).digest('base64'),
  'x-amz-checksum-sha256': (data) => createHash('sha256').update(data).digest('base64'),
  'x-amz-checksum-sha1': (data) => createHash('sha1').update(data).digest('base64'),
  'x-amz-checksum-crc32': (data) => base64Word(crc32(data)),
  'x-amz-checksum-crc32c': (data) => base64Word(crc32c(data)),
};

function checkChecksums(data: Uint8Array, headers: Readonly<Record<string, unknown>>): void {
  for (const [name, compute] of Object.entries(checksums)) {
    if (headers[name] !== undefined && headers[name] !== compute(data)) {
      throw new S3Failure(400, 'BadDigest', `${name} does not fit the body`);
    }
  }
}

function base64Word(word: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(word);
  return bytes.toString('base64');
}

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) {
    word = word & 1 ? (word >>> 1) ^ 0x82f63b78 : word >>> 1;
  }
  return word;
});

function crc32c(data: Uint8Array): number {
  let word = 0xffffffff;
  for (const byte of data) {
    word = (castagnoli[(word ^ byte) & 0xff] ?? 0) ^ (word >>> 8);
  }
  return (word ^ 0xffffffff) >>> 0;
}
