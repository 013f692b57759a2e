import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { S3Failure } from './s3-failure.ts';

/** Whose signatures count, and from when. */
export interface SignatureRules {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly region: string;
  readonly now: () => Date;
}

export interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
}

/** What later chunks of a signed stream are checked with. */
export interface CheckedSignature {
  readonly signature: string;
  readonly time: string;
  readonly scope: string;
  readonly key: Buffer;
  /** The payload hash that was signed: a hash, `UNSIGNED-PAYLOAD` or one of the `STREAMING-…` words. */
  readonly payload: string;
}

interface Claim {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly time: string;
  readonly payload: string;
  readonly presigned: boolean;
}

const clockSkewMs = 15 * 60_000;

/**
 * Checks the signature of a request in its header or its query. Throws S3Failure 403 for whatever does not fit.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export function checkSignature(rules: SignatureRules, request: SignedRequest): CheckedSignature {
  const claim = readClaim(request);
  const [accessKeyId, date, region, service, end] = claim.credential.split('/');
  if (accessKeyId !== rules.accessKeyId) {
    throw new S3Failure(403, 'InvalidAccessKeyId');
  }
  if (!claim.time.startsWith(date ?? '?') || region !== rules.region || service !== 's3' || end !== 'aws4_request') {
    throw new S3Failure(403, 'AuthorizationHeaderMalformed', `scope ${claim.credential} does not fit ${rules.region}`);
  }
  checkTime(claim, request, rules.now());
  const token = claim.presigned
    ? request.url.searchParams.get('X-Amz-Security-Token')
    : request.headers['x-amz-security-token'];
  if ((token ?? undefined) !== rules.sessionToken) {
    throw new S3Failure(403, 'InvalidToken');
  }
  for (const name of Object.keys(request.headers)) {
    if ((name === 'host' || name.startsWith('x-amz-')) && !claim.signedHeaders.includes(name)) {
      throw new S3Failure(403, 'AccessDenied', `header ${name} is not signed`);
    }
  }
  const scope = `${date}/${region}/${service}/${end}`;
  const key = ['aws4_request', service, region, date].reduceRight<Buffer | string>(
    (secret, part) => hmac(secret, part ?? ''),
    `AWS4${rules.secretAccessKey}`,
  ) as Buffer;
  const text = `AWS4-HMAC-SHA256\n${claim.time}\n${scope}\n${sha256(canonicalRequest(request, claim))}`;
  assertSame(hmac(key, text).toString('hex'), claim.signature);
  return { signature: claim.signature, time: claim.time, scope, key, payload: claim.payload };
}

/** Checks one chunk of a signed stream and returns its signature, on which the next one rests. */
export function checkChunkSignature(
  start: CheckedSignature,
  previous: string,
  data: Uint8Array,
  given: string,
): string {
  const text = `AWS4-HMAC-SHA256-PAYLOAD\n${start.time}\n${start.scope}\n${previous}\n${sha256('')}\n${sha256(data)}`;
  assertSame(hmac(start.key, text).toString('hex'), given);
  return given;
}

/** Hex sha256. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function assertSame(expected: string, given: string): void {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  if (left.length !== right.length || !timingSafeEqual(left, right)) {
    throw new S3Failure(403, 'SignatureDoesNotMatch');
  }
}

function readClaim({ url, headers }: SignedRequest): Claim {
  const query = url.searchParams;
  if (query.get('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256') {
    return {
      credential: query.get('X-Amz-Credential') ?? '',
      signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
      signature: query.get('X-Amz-Signature') ?? '',
      time: query.get('X-Amz-Date') ?? '',
      payload: 'UNSIGNED-PAYLOAD',
      presigned: true,
    };
  }
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    headers.authorization ?? '',
  );
  const payload = headers['x-amz-content-sha256'];
  const time = headers['x-amz-date'];
  if (match === null || typeof payload !== 'string' || typeof time !== 'string') {
    throw new S3Failure(403, 'AccessDenied', 'the request is not signed');
  }
  const [, credential = '', names = '', signature = ''] = match;
  return { credential, signedHeaders: names.split(';'), signature, time, payload, presigned: false };
}

function checkTime(claim: Claim, { url }: SignedRequest, now: Date): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(claim.time);
  if (match === null) {
    throw new S3Failure(403, 'AccessDenied', 'x-amz-date is malformed');
  }
  const [, year, month, day, hour, minute, second] = match.map(Number);
  const age = now.getTime() - Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  const lifetime = claim.presigned ? Number(url.searchParams.get('X-Amz-Expires')) * 1000 : clockSkewMs;
  if (claim.presigned && !(lifetime > 0 && lifetime <= 604_800_000)) {
    throw new S3Failure(400, 'AuthorizationQueryParametersError', 'X-Amz-Expires must be 1 to 604800');
  }
  if (age > lifetime) {
    throw new S3Failure(403, claim.presigned ? 'AccessDenied' : 'RequestTimeTooSkewed', 'Request has expired');
  }
  if (age < -clockSkewMs) {
    throw new S3Failure(403, 'RequestTimeTooSkewed');
  }
}

function canonicalRequest({ method, url, headers }: SignedRequest, claim: Claim): string {
  const path = url.pathname
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/');
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const lines = claim.signedHeaders.map(
    (name) =>
      `${name}:${String(headers[name] ?? '')
        .trim()
        .replace(/ +/g, ' ')}\n`,
  );
  return `${method}\n${path}\n${query}\n${lines.join('')}\n${claim.signedHeaders.join(';')}\n${claim.payload}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
