import type { Asker } from '#kernel/actor';

export type AuditAction =
  | 'login'
  | 'pull-artifact'
  | 'push-artifact'
  | 'delete-artifact'
  | 'delete-blob'
  | 'create-project'
  | 'delete-project';

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
}
