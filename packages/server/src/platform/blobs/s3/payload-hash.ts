import type { S3Client } from '@aws-sdk/client-s3';
import { createLimiter } from '@entrepot/oci/client/limiter';

interface BodyRequest {
  readonly protocol?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const largeBody = 64 * 1024;
/** Each hash in the thread pool copies its bytes first, so only a few may wait there. */
const hashesAtATime = 2;

/**
 * Keeps the SDK from hashing every part for its signature on the main thread, some 12 ms for 16 MiB. TLS protects the
 * body where there is TLS; else it is hashed in the thread pool.
 */
export function hashElsewhere(client: S3Client): void {
  const turn = createLimiter(hashesAtATime);
  client.middlewareStack.add(
    (next) => async (args) => {
      const { protocol, body, headers } = args.request as BodyRequest;
      if (body instanceof Uint8Array && body.byteLength >= largeBody && headers !== undefined) {
        headers['x-amz-content-sha256'] = protocol === 'https:' ? 'UNSIGNED-PAYLOAD' : await turn(() => sha256(body));
      }
      return next(args);
    },
    { step: 'build', name: 'hashElsewhere' },
  );
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(hash).toString('hex');
}
