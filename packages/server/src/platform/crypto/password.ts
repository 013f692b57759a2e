import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { createLimiter } from '@entrepot/oci/client/limiter';
import { RegistryError } from '#kernel/errors';

const derive = promisify(argon2);

/** OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };
const tagLength = 32;

/** Hashes passwords. Slow on purpose, so only a few run at once and the rest wait in a short line. */
export interface PasswordHasher {
  /** A PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
  hash(password: string): Promise<string>;
  /** Whether the password made the hash. Without a hash it takes as long and says no. Fails with `too-many-requests` under a flood. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/** So many verifications wait at most; a login flood must not pile up. */
const longestLine = 100;

export function createPasswordHasher(concurrency: number): PasswordHasher {
  const limit = createLimiter(concurrency);
  let inLine = 0;

  async function limited<T>(work: () => Promise<T>): Promise<T> {
    if (inLine >= concurrency + longestLine) {
      throw new RegistryError('too-many-requests', 'Too many sign-ins at once; try again in a few seconds.', {
        retryAfter: 5,
      });
    }
    inLine += 1;
    try {
      return await limit(work);
    } finally {
      inLine -= 1;
    }
  }

  const dummy = phc(cost, randomBytes(16), randomBytes(tagLength));

  return {
    hash: (password) =>
      limited(async () => {
        const nonce = randomBytes(16);
        return phc(cost, nonce, await tag(password, nonce, cost));
      }),
    verify: (password, hash) =>
      limited(async () => {
        const stored = parsePhc(hash ?? dummy);
        const made = await tag(password, stored.nonce, stored.cost);
        return timingSafeEqual(made, stored.tag) && hash !== undefined;
      }),
  };
}

type Cost = typeof cost;

async function tag(password: string, nonce: Buffer, { memory, passes, parallelism }: Cost): Promise<Buffer> {
  return await derive('argon2id', { message: password, nonce, memory, passes, parallelism, tagLength });
}

function phc({ memory, passes, parallelism }: Cost, nonce: Buffer, made: Buffer): string {
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(made)}`;
}

const phcPattern = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function parsePhc(text: string): { cost: Cost; nonce: Buffer; tag: Buffer } {
  const match = phcPattern.exec(text);
  if (match === null) throw new TypeError('a stored password hash is not an argon2id PHC string');
  const [, memory, passes, parallelism, nonce = '', made = ''] = match;
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    nonce: Buffer.from(nonce, 'base64'),
    tag: Buffer.from(made, 'base64'),
  };
}
