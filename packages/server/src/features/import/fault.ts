/** Why something was not taken. */
export type SkipReason =
  | 'name-invalid'
  | 'tag-invalid'
  | 'tag-differs'
  | 'link-invalid'
  | 'symbolic-link'
  | 'unreadable'
  | 'index-invalid'
  | 'manifest-missing'
  | 'manifest-corrupt'
  | 'too-large'
  | 'manifest-invalid'
  | 'schema1'
  | 'blob-missing'
  | 'blob-corrupt'
  | 'blob-changed'
  | 'blob-refused'
  | 'child-not-taken'
  | 'quota-exceeded';

/** Why something in the source cannot be had. */
export interface Fault {
  readonly reason: SkipReason;
  readonly message: string;
}

export const isFault = (value: object | undefined): value is Fault => value !== undefined && 'reason' in value;
