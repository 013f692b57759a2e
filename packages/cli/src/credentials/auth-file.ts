import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Credentials } from '@entrepot/oci/client/credentials';
import { CredentialError } from '#src/failures/failures';
import type { AuthLocation } from './auth-locations.ts';

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** A file of credentials. What is not understood is kept as it is. */
export interface AuthFile {
  readonly location: AuthLocation;
  readonly auths: Readonly<Record<string, AuthEntry>>;
  /** The helper for each registry, and the one for all others. */
  readonly credHelpers: Readonly<Record<string, string>>;
  readonly credsStore: string | undefined;
  /** The whole document. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly indent: string;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readDocument(text: string, path: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = text.trim() === '' ? {} : JSON.parse(text);
  } catch (cause) {
    throw new CredentialError(`${path} is not JSON`, 'mend or remove that file.', { cause });
  }
  if (!isObject(document)) {
    throw new CredentialError(`${path} does not hold a JSON object`, 'mend or remove that file.');
  }
  return document;
}

function entriesOf<T>(value: unknown, isEntry: (entry: unknown) => entry is T): Record<string, T> {
  const entries = Object.entries(isObject(value) ? value : {}).filter(([, entry]) => isEntry(entry));
  return Object.fromEntries(entries) as Record<string, T>;
}

/** Reads a file of credentials; undefined when it does not exist. Rejects with CredentialError when it is unreadable. */
export async function findAuthFile(location: AuthLocation): Promise<AuthFile | undefined> {
  let text: string;
  try {
    text = await readFile(location.path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) {
      return undefined;
    }
    const mend = 'give this user the right to read it, or name another file with --authfile.';
    throw new CredentialError(`${location.path} cannot be read`, mend, { cause });
  }
  const document = readDocument(text, location.path);
  const { credsStore } = document;
  return {
    location,
    document,
    auths: entriesOf(location.kind === 'legacy' ? document : document['auths'], (entry) => isObject(entry)),
    credHelpers: entriesOf(document['credHelpers'], (entry) => typeof entry === 'string'),
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
    indent: /^[{]\r?\n([ \t]+)"/.exec(text)?.[1] ?? '\t',
  };
}

/** A file of credentials that does not exist yet. Never fails. */
export function newAuthFile(location: AuthLocation): AuthFile {
  return { location, auths: {}, credHelpers: {}, credsStore: undefined, document: {}, indent: '\t' };
}

/** The credentials of an entry; undefined when it holds none, as docker writes for registries with a helper. Never fails. */
export function readEntry(entry: AuthEntry): Credentials | undefined {
  if (entry.registrytoken) {
    return { kind: 'registry-token', token: entry.registrytoken };
  }
  if (entry.identitytoken) {
    return { kind: 'identity-token', token: entry.identitytoken };
  }
  const text = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '');
  const colon = text.indexOf(':');
  const username = colon < 0 ? entry.username : text.slice(0, colon);
  const password = colon < 0 ? entry.password : text.slice(colon + 1);
  return username && password !== undefined ? { kind: 'password', username, password } : undefined;
}

/**
 * Replaces the entries of a file, and leaves everything else in it alone. Others cannot read it; it is whole at every
 * moment. Rejects with CredentialError when it cannot be written.
 */
export async function writeAuths(file: AuthFile, auths: Readonly<Record<string, unknown>>): Promise<void> {
  const { location, document, indent } = file;
  const changed = location.kind === 'legacy' ? auths : { ...document, auths };
  const text = `${JSON.stringify(changed, undefined, indent)}\n`;
  const named = location.path;
  let partial: string | undefined;
  try {
    await mkdir(dirname(named), { recursive: true, mode: 0o700 });
    // The file may be a link into a folder that is kept elsewhere.
    const path = await realpath(named).catch(() => named);
    partial = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
    await using handle = await open(partial, 'wx', 0o600);
    await handle.writeFile(text);
    await handle.sync();
    await chmod(partial, 0o600);
    await rename(partial, path);
  } catch (cause) {
    if (partial !== undefined) {
      await rm(partial, { force: true });
    }
    const { code, message } = cause as NodeJS.ErrnoException;
    const mend = 'give this user the right to write it, or name another file with --authfile.';
    throw new CredentialError(`${named} cannot be written: ${code ?? message}`, mend, { cause });
  }
}
