import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/**
 * Seals secrets for the database with AES-256-GCM: whoever has a copy of the database and not the key reads none of
 * them, changes none unseen and moves none to another row.
 */
export interface SecretBox {
  /**
   * Seals a text with the first key, under a nonce of its own. `place` says where it will lie, as `table/column/rowid`;
   * it is bound to the sealed text and does not appear in it.
   */
  seal(text: string, place: string): string;
  /**
   * Opens what was sealed for that place, with whichever key it was sealed. Throws `SecretUnusable` when that key is not
   * here, and when the sealed text was changed or lay elsewhere.
   */
  open(sealed: string, place: string): string;
  /** Whether a text is sealed with the first key. */
  isCurrent(text: string): boolean;
}

/** Something sealed cannot be opened, or no key can be had. The message is one sentence with the mend. */
export class SecretUnusable extends Error {
  override readonly name = 'SecretUnusable';
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
/** 96 random bits, good for 2^32 values under one key (NIST SP 800-38D, 8.2.2 and 8.3). */
const nonceBytes = 12;
const tagBytes = 16;

/** `sealed:1:<key id>:<nonce, ciphertext and tag in base64url>`. */
const envelopePattern = /^sealed:1:([0-9a-f]{16}):([A-Za-z0-9_-]{38,})$/;

/** What every sealed text begins with; nothing that is sealed by us begins so before. */
export const sealedPrefix = 'sealed:';

/** Whether a value of a sealed column is sealed; what an older build wrote is not. */
export const isSealed = (text: string): boolean => text.startsWith(sealedPrefix);

/** Makes a box of keys of 32 bytes each: the first one seals, all open. Throws TypeError for none and for other sizes. */
export function createSecretBox(keys: readonly Uint8Array[]): SecretBox {
  const first = keys[0];
  if (first === undefined || keys.some((key) => key.byteLength !== keyBytes)) {
    throw new TypeError('a secret box needs at least one key, and each has 32 bytes');
  }
  const byId = new Map(keys.map((key) => [secretKeyId(key), key]));
  const current = secretKeyId(first);

  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, first, nonce, { authTagLength: tagBytes });
      cipher.setAAD(boundTo(current, place));
      const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${sealedPrefix}1:${current}:${bytes.toString('base64url')}`;
    },

    open(sealed, place) {
      const [, id = '', content = ''] = envelopePattern.exec(sealed) ?? [];
      if (id === '') throw changed(place);
      const key = byId.get(id);
      if (key === undefined) throw keyMissing(id);
      const bytes = Buffer.from(content, 'base64url');
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
      decipher.setAAD(boundTo(id, place));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      try {
        const text = [decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()];
        return Buffer.concat(text).toString('utf8');
      } catch (cause) {
        throw changed(place, cause);
      }
    },

    isCurrent: (text) => envelopePattern.exec(text)?.[1] === current,
  };
}

/** A name for a key that tells nothing of it. */
export function secretKeyId(key: Uint8Array): string {
  return createHmac('sha256', key).update('entrepot secret key id').digest('hex').slice(0, 16);
}

/** Reads 32 bytes in base64 (either alphabet) or hex; undefined when the text is something else. */
export function parseSecretKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed) ? Buffer.from(trimmed, 'base64') : undefined;
}

const boundTo = (keyId: string, place: string) => Buffer.from(`entrepot/1/${keyId}/${place}`, 'utf8');

const changed = (place: string, cause?: unknown) =>
  new SecretUnusable(`The sealed value of ${place} was changed, or belongs to another row: restore it from a backup.`, {
    cause,
  });

function keyMissing(id: string): SecretUnusable {
  return new SecretUnusable(
    `The database holds secrets that were sealed with the key ${id}, which is not here: ` +
      'give it as ENTREPOT_SECRET_KEY or among ENTREPOT_SECRET_KEYS_PREVIOUS, or put its file secret.key back into ' +
      'the data folder; no secret was changed.',
  );
}
