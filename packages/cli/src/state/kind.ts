import type { CliContext } from '#src/context';
import type { ManagementClient } from '#src/management/client';
import type { Read } from './read-value.ts';
import type { SecretReference } from './secret.ts';

/** What changing a registry takes. */
export interface Work {
  readonly client: ManagementClient;
  readonly context: CliContext;
  /** The value of a secret that a file names; resolved before anything is changed. */
  secretOf(secret: SecretReference): string;
  /** Takes a secret that the registry drew, at once: nobody sees it again. */
  keepDrawn(robot: string, secret: string): Promise<void>;
}

/** An entry as the registry has it. */
export interface Found<Entry> {
  readonly id: number;
  readonly entry: Entry;
  /** Why the files cannot say it; such an entry is left alone. */
  readonly unsayable?: string | undefined;
}

/**
 * One kind of thing that files describe: how it is read from them and written to them, and how it is listed, made,
 * changed and removed in a registry. `project` is the name of the project it is in, undefined for one of the registry.
 */
export interface Kind<Entry extends object> {
  readonly noun: string;
  readonly read: Read<Entry>;
  /** For the file: what need not be said is left out. */
  write(entry: Entry, project: string | undefined): Readonly<Record<string, unknown>>;
  /** By what an entry is known in its list. */
  keyOf(entry: Entry): string;
  list(client: ManagementClient, project: string | undefined): Promise<Found<Entry>[]>;
  create(work: Work, entry: Entry, project: string | undefined): Promise<void>;
  /** `entry` has what was there before, and what the files say instead. */
  change(work: Work, entry: Entry, found: Found<Entry>, project: string | undefined): Promise<void>;
  remove(work: Work, found: Found<Entry>, project: string | undefined): Promise<void>;
}

/** How the project of a call is named. Never fails. */
export function inProject(project: string | undefined) {
  return { params: { project_name_or_id: project ?? '' }, headers: { 'x-is-resource-name': 'true' } } as const;
}

/** An object without what says nothing: undefined, empty lists and texts. Never fails. */
export function brief(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const says = (value: unknown) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => says(value)));
}
