/** What a value is, and so how its text is read. */
export type ConfigKind =
  | 'text'
  | 'path'
  | 'bool'
  | 'choice'
  | 'integer'
  | 'duration'
  | 'size'
  | 'listen'
  | 'url'
  | 'cidrs'
  | 'targets'
  | 'ports'
  | 'secret';

/** One key of the configuration: what reads it, checks it, documents it and writes it into the examples. */
export interface ConfigRow {
  /** Its path in the file, joined by dots. */
  readonly key: string;
  /** The variable, where it is not `ENTREPOT_` and the path. */
  readonly env?: `ENTREPOT_${string}`;
  readonly kind: ConfigKind;
  /** As one would write it; null when the key may be absent. */
  readonly default: string | null;
  /** What holds when the key is absent, in words. */
  readonly absent?: string;
  /** The values of a `choice`. */
  readonly choices?: readonly string[];
  /** Bounds of an `integer`, a `duration` or a `size`, as one would write them. */
  readonly min?: string;
  readonly max?: string;
  /** What a `text` must match, and how to say so. */
  readonly pattern?: { readonly matches: RegExp; readonly expected: string };
  readonly explanation: string;
  readonly example: string;
}

/** `blobs.s3.path_style` → `ENTREPOT_BLOBS_S3_PATH_STYLE`. */
export function nameVariable(row: Pick<ConfigRow, 'key' | 'env'>): string {
  return row.env ?? `ENTREPOT_${row.key.replaceAll('.', '_').toUpperCase()}`;
}
