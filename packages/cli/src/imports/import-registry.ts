import { createProject, headProject } from '@entrepot/contract/harbor/project';
import { copyImage } from '@entrepot/oci/client/copy';
import type { CopyEvent } from '@entrepot/oci/client/copy-run';
import { RegistryResponseError } from '@entrepot/oci/client/errors';
import { findManifest } from '@entrepot/oci/client/pull';
import { listRepositories, listTags } from '@entrepot/oci/client/tags';
import { isRepositoryName, parseRepositoryName, type RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import { type CliContext, tell } from '#src/context';
import { describeFailure } from '#src/failures/describe-failure';
import { PartialFailure, UsageError } from '#src/failures/failures';
import { createCopyTally } from '#src/images/copy-tally';
import { createNameFilter } from '#src/images/name-filter';
import { parseHost } from '#src/locations/host';
import { openManagement } from '#src/management/client';
import { openRegistry } from '#src/registries/open-registry';
import type { RegistryAccess } from '#src/registries/registry-access';
import { count } from './show-import.ts';

/** What to take, where from and where to. */
export interface RegistryImport {
  readonly host: string;
  /** Only what is under this name; everything when undefined. */
  readonly prefix: string | undefined;
  readonly to: string;
  readonly access: { readonly from: RegistryAccess; readonly to: RegistryAccess };
  readonly project: string | undefined;
  readonly include: readonly string[];
  /** Instead of the registry's own list. */
  readonly repositories: readonly string[];
  readonly replaceTags: boolean;
  readonly dryRun: boolean;
  readonly jobs: number;
}

interface SkippedTag {
  readonly repository: string;
  readonly reference: string;
  readonly message: string;
}

/** What was taken. */
export interface RegistryImportReport {
  readonly source: string;
  readonly target: string;
  readonly dryRun: boolean;
  repositories: number;
  readonly tags: { copied: number; present: number };
  readonly manifests: { readonly copied: number; readonly present: number };
  readonly blobs: { readonly copied: number; readonly mounted: number; readonly present: number };
  readonly bytes: number;
  readonly projectsMade: string[];
  readonly skipped: readonly SkippedTag[];
  readonly seconds: number;
}

/** Reads `HOST` or `HOST/PREFIX`. Throws UsageError. */
export function parseOrigin(text: string): { readonly host: string; readonly prefix: string | undefined } {
  const bare = text.replace(/^https:\/\//, '').replace(/\/$/, '');
  const slash = bare.indexOf('/');
  if (slash === -1) return { host: parseHost(bare), prefix: undefined };
  const prefix = bare.slice(slash + 1);
  if (!isRepositoryName(prefix)) throw new UsageError(`${prefix} is no name that repositories begin with`);
  return { host: parseHost(bare.slice(0, slash)), prefix };
}

/** What a repository is called in the target. Throws UsageError when it can be no name. */
export function nameInTarget(
  name: string,
  { prefix, project }: Pick<RegistryImport, 'prefix' | 'project'>,
): RepositoryName {
  const under = prefix !== undefined && name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : undefined;
  const own = under ?? (name === prefix ? name.slice(name.lastIndexOf('/') + 1) : name);
  if (project !== undefined) return parseRepositoryName(`${project}/${own}`);
  return parseRepositoryName(name.includes('/') ? name : `library/${name}`);
}

/**
 * Copies every tag of every repository, with all that refers to it, from one registry to another. What the target has is
 * not sent again, so that an interrupted import goes on where it was; what cannot be taken does not stop the rest.
 * Rejects when the source does not list its repositories.
 */
export async function importRegistry(request: RegistryImport, context: CliContext): Promise<RegistryImportReport> {
  const { host, prefix, to, access, include, dryRun, jobs } = request;
  const { signal } = context;
  const from = performance.now();
  const tally = createCopyTally();
  const skipped: SkippedTag[] = [];
  const projectsMade: string[] = [];
  const tags = { copied: 0, present: 0 };
  let repositories = 0;

  const filters = include.map(createNameFilter);
  const isWanted = (name: string) =>
    (prefix === undefined || name === prefix || name.startsWith(`${prefix}/`)) &&
    (filters.length === 0 || filters.some((matches) => matches(name)));

  async function* listNames(): AsyncGenerator<RepositoryName> {
    if (request.repositories.length > 0) {
      for (const name of request.repositories) yield parseRepositoryName(name);
      return;
    }
    using transport = await openRegistry(host, undefined, access.from, context);
    for await (const name of listRepositories(transport, { signal, pageSize: 1000 })) if (isWanted(name)) yield name;
  }

  function skip(repository: string, reference: string, error: unknown): void {
    signal.throwIfAborted();
    const { message } = describeFailure(error);
    skipped.push({ repository, reference, message });
    tell(context, `left out: ${repository}${reference === '' ? '' : `:${reference}`}: ${message}`);
  }

  const known = new Set<string>();
  async function ensureProject(name: string): Promise<void> {
    if (known.has(name)) return;
    using client = await openManagement(to, access.to, context);
    const isThere = await client.call(headProject, { query: { project_name: name } }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof RegistryResponseError && (error.status === 404 || error.status === 403)) return false;
        throw error;
      },
    );
    if (!isThere) {
      await client.call(createProject, { body: { project_name: name, metadata: { public: 'false' } } });
      projectsMade.push(name);
    }
    known.add(name);
  }

  async function takeRepository(name: RepositoryName): Promise<void> {
    const targetName = nameInTarget(name, request);
    using source = await openRegistry(host, name, access.from, context);
    using target = await openRegistry(to, targetName, access.to, context);
    const wanted: TagName[] = [];
    for await (const tag of listTags(source, name, { signal, pageSize: 1000 })) wanted.push(tag);
    if (wanted.length === 0) return;
    repositories += 1;
    if (!dryRun) await ensureProject(targetName.slice(0, targetName.indexOf('/')));

    async function take(tag: TagName): Promise<void> {
      const [there, here] = await Promise.all([
        findManifest(source, name, tag, { signal }),
        dryRun ? undefined : findManifest(target, targetName, tag, { signal }),
      ]);
      if (there === undefined) throw new UsageError('the tag went away while it was read');
      if (here !== undefined && here.digest !== there.digest && !request.replaceTags) {
        throw new UsageError(
          `the tag points at ${here.digest} in the target and at ${there.digest} in the source; --replace-tags moves it`,
        );
      }
      if (dryRun) {
        tags.copied += 1;
        return;
      }
      await copyImage(
        { transport: source, repository: name, reference: tag },
        { transport: target, repository: targetName, reference: tag },
        { referrers: true, concurrency: jobs, onEvent: tally.onEvent as (event: CopyEvent) => void, signal },
      );
      tags[here?.digest === there.digest ? 'present' : 'copied'] += 1;
    }

    const rest = wanted[Symbol.iterator]();
    const lane = async () => {
      for (const tag of rest) await take(tag).catch((error: unknown) => skip(name, tag, error));
    };
    await Promise.all(Array.from({ length: jobs }, lane));
    tell(context, `${host}/${name} -> ${to}/${targetName}: ${count(wanted.length, 'tag')}`);
  }

  for await (const name of listNames()) {
    await takeRepository(name).catch((error: unknown) => skip(name, '', error));
  }
  return {
    source: prefix === undefined ? host : `${host}/${prefix}`,
    target: to,
    dryRun,
    repositories,
    tags,
    ...tally.counts,
    projectsMade,
    skipped,
    seconds: Math.round(performance.now() - from) / 1000,
  };
}

/** Throws when something was left out. */
export function throwIfLeftOut({ skipped, tags }: RegistryImportReport): void {
  if (skipped.length === 0) return;
  const message = `${skipped.length} left out`;
  throw new PartialFailure(message, [new Error(message)], tags.copied + tags.present);
}
