import { isRepositoryName, longestRepositoryName, type RepositoryName } from '@entrepot/oci/repository-name';
import type { Fault } from './fault.ts';

/** Where repositories go whose names have one part, as Docker does it. */
const home = 'library';

/** What a repository of the source is called here: under the project, or as it is; the first part is the project. */
export function nameTarget(source: string, project: string | undefined): RepositoryName | Fault {
  const name = project !== undefined ? `${project}/${source}` : source.includes('/') ? source : `${home}/${source}`;
  if (isRepositoryName(name)) return name;
  return {
    reason: 'name-invalid',
    message: `${JSON.stringify(name.slice(0, 300))} is no name for a repository here: up to ${longestRepositoryName} lower-case letters, digits and separators.`,
  };
}
