import { RegistryError } from '#kernel/errors';

/** Reads the value of a Basic `Authorization` header (RFC 7617). Fails with `unauthorized` when it is not name:password. */
export function readBasic(value: string): { readonly name: string; readonly password: string } {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) throw new RegistryError('unauthorized', 'The Basic credentials are not name:password in Base64.');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
