import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';

/** Where a secret is found when it is needed. */
export type SecretReference = { readonly variable: string } | { readonly fromFile: string; readonly beside: string };

/** One that the registry keeps and does not show. */
export interface KeptSecret {
  readonly kept: true;
}

export type SecretState = SecretReference | KeptSecret;

export const keptSecret: KeptSecret = { kept: true };

export function isSecretReference(value: unknown): value is { fromFile: string } {
  const { fromFile, ...others } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return typeof fromFile === 'string' && fromFile !== '' && Object.keys(others).length === 0;
}

/** True for what stands for a secret, in a file or in the registry. Never fails. */
export function isSecret(value: unknown): value is SecretState {
  return typeof value === 'object' && value !== null && ['variable', 'fromFile', 'kept'].some((key) => key in value);
}

/** Reads a secret. Rejects with UsageError when its variable is not set, and with the system's errors for its file. */
export async function resolveSecret(secret: SecretReference, { env }: CliContext): Promise<string> {
  if ('variable' in secret) {
    const value = env[secret.variable];
    if (value === undefined || value === '') {
      throw new UsageError(`the variable ${secret.variable} is not set`, 'the files take a secret from it.');
    }
    return value;
  }
  // Editors end files with a line break, and no header or password has one.
  return (await readFile(resolve(dirname(secret.beside), secret.fromFile), 'utf8')).replace(/\r?\n$/, '');
}
