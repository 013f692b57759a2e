import type { Asker } from '#kernel/actor';
import type { AuditAction } from './actions.ts';

/** A thing as it is or was, for the audit: names, numbers and settings, and none of its secrets. */
export type AuditState = Readonly<Record<string, unknown>>;

export interface AuditEntry {
  readonly action: AuditAction;
  readonly asker: Asker;
  readonly projectId?: number;
  /** `repository:reference` or the name of what was changed. */
  readonly resource: string;
  readonly digest?: string;
  readonly outcome: 'success' | 'failure';
  /** Particulars, without secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** What it was before the change; absent where it was not there. */
  readonly before?: AuditState;
  /** What it is after the change; absent where it is gone. */
  readonly after?: AuditState;
}

/** A row of the audit as it is read. */
export interface AuditRow {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly actorId: number | null;
  readonly address: string;
  readonly requestId: string;
  readonly action: string;
  readonly projectId: number | null;
  readonly resource: string;
  readonly digest: string | null;
  readonly outcome: string;
  /** JSON text. */
  readonly detail: string | null;
}

/** Which rows somebody may read. */
export type AuditScope =
  | { readonly kind: 'all' }
  /** Those of projects, whichever. */
  | { readonly kind: 'every-project' }
  | { readonly kind: 'projects'; readonly projectIds: readonly number[] };
