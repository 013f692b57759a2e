import { inspect } from 'node:util';

/** What must not be read by others. Prints, in logs and JSON, which secrets there are and never what they are. */
export interface Secrets {
  readonly adminPassword: string | undefined;
  /** 32 bytes to seal secrets with; without it the file in the data folder has them. */
  readonly secretKey: Uint8Array | undefined;
  /** Those that only open. */
  readonly previousSecretKeys: readonly Uint8Array[] | undefined;
  /** Present when `Config.database` is `postgres`. */
  readonly databaseUrl: string | undefined;
  /** Both or neither; without them the machine's own role or profile is used. */
  readonly s3AccessKey: string | undefined;
  readonly s3SecretKey: string | undefined;
  readonly s3SessionToken: string | undefined;
  /** As above, for the cold tier. */
  readonly coldS3AccessKey: string | undefined;
  readonly coldS3SecretKey: string | undefined;
}

export const redacted = '[redacted]';

export function sealSecrets(values: Secrets): Secrets {
  const shown = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === undefined ? undefined : redacted]),
  );
  const hide = (value: unknown): PropertyDescriptor => ({ value, enumerable: false });
  const sealed = Object.defineProperties(
    { ...values },
    {
      toJSON: hide(() => shown),
      toString: hide(() => redacted),
      [inspect.custom]: hide(() => shown),
    },
  );
  return Object.freeze(sealed);
}
