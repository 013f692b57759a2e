import { OciNameError } from '@entrepot/oci/name-error';
import { parseTagOrDigest, type TagOrDigest } from '@entrepot/oci/reference';
import { parseRepositoryName, type RepositoryName } from '@entrepot/oci/repository-name';
import { parseTagName, type TagName } from '@entrepot/oci/tag';
import { RegistryError } from '#kernel/errors';
import type { RequestedProject } from '#platform/http/management';
import type { Artifact, ArtifactReadModel } from '#registry/artifacts';
import type { Manifests } from '#registry/manifests';
import type { RepositoryStore } from '#registry/repositories';

export interface LocateDeps {
  readonly manifests: Pick<Manifests, 'find'>;
  readonly artifacts: Pick<ArtifactReadModel, 'load'>;
  readonly repositories: Pick<RepositoryStore, 'find'>;
}

interface Place {
  readonly project: RequestedProject;
  readonly repository: RepositoryName;
}

/** Finds what a path names, always within its project. */
export interface Locate {
  /** Fails with `name-invalid`. */
  place(project: RequestedProject, params: { readonly repository_name: string }): Place;
  /** Fails with `repository-not-found`. */
  repositoryId(place: Place): Promise<number>;
  /** Fails with `manifest-not-found`. */
  artifact(place: Place, reference: string): Promise<Artifact & { readonly stored: Stored }>;
}

type Stored = Awaited<ReturnType<Manifests['find']>>;

export function createLocate({ manifests, artifacts, repositories }: LocateDeps): Locate {
  return {
    place: (project, params) => ({
      project,
      repository: told('name-invalid', () => parseRepositoryName(`${project.name}/${params.repository_name}`)),
    }),
    async repositoryId({ project, repository }) {
      const found = await repositories.find(project.id, repository);
      if (found === undefined) throw new RegistryError('repository-not-found', `repository ${repository} not found`);
      return found.id;
    },
    async artifact({ project, repository }, reference) {
      const stored = await manifests.find(project, repository, readReference(reference));
      const [artifact] = await artifacts.load([stored.id]);
      if (artifact === undefined) {
        throw new RegistryError('manifest-not-found', `artifact ${repository}@${stored.digest} not found`);
      }
      return { ...artifact, stored };
    },
  };
}

function readReference(text: string): TagOrDigest {
  return told('digest-invalid', () => parseTagOrDigest(text));
}

export function readTag(text: string): TagName {
  return told('tag-invalid', () => parseTagName(text));
}

/** `project/repository:tag` or `project/repository@digest`. Fails with `query-invalid`. */
export function readSource(from: string): { readonly repository: RepositoryName; readonly reference: TagOrDigest } {
  const at = from.indexOf('@');
  const mark = at === -1 ? from.lastIndexOf(':') : at;
  if (mark < 1) throw new RegistryError('query-invalid', 'query.from: expected repository:tag or repository@digest.');
  return told('query-invalid', () => ({
    repository: parseRepositoryName(from.slice(0, mark)),
    reference: parseTagOrDigest(from.slice(mark + 1)),
  }));
}

function told<T>(code: 'name-invalid' | 'digest-invalid' | 'tag-invalid' | 'query-invalid', read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OciNameError) throw new RegistryError(code, error.message, { cause: error });
    throw error;
  }
}
