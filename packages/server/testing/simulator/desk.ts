import type { Digest } from '@entrepot/oci/digest';
import { RegistryError } from '#kernel/errors';
import type { Project } from '#tenancy/projects';
import type { repositoryName } from '#testing/rows';
import type { Chance } from './chance.ts';
import type { Gate } from './gate.ts';
import type { Model, RepositoryModel } from './model.ts';
import type { Node } from './node.ts';

/** A repository as actors work on it. */
export interface Place {
  readonly project: Project;
  readonly name: ReturnType<typeof repositoryName>;
  readonly model: RepositoryModel;
}

/** What an actor works with. */
export interface Desk {
  readonly node: Node;
  readonly gate: Gate;
  readonly model: Model;
  readonly places: readonly Place[];
  readonly chance: Chance;
  readonly clock: () => number;
  /** Moves the clock of the registry on. */
  readonly advance: (ms: number) => void;
  /** What can be had back in a project. */
  readonly listDeletions: (projectId: number) => Promise<readonly RestorableDeletion[]>;
  note(line: string): void;
}

export interface RestorableDeletion {
  readonly id: number;
  readonly repository: string | undefined;
  readonly digests: readonly Digest[];
  readonly tags: readonly { readonly name: string; readonly digest: Digest }[];
}

/** Something that must hold does not. */
export class Broken extends Error {}

export function broken(what: string): never {
  throw new Broken(what);
}

export const shorten = (text: string): string => text.replaceAll(/sha256:([0-9a-f]{6})[0-9a-f]{58}/g, '$1');

/** Runs a request; answers with what it said, or with the code that it was refused with. */
export async function ask<T>(work: () => Promise<T> | T): Promise<{ readonly value: T } | { readonly code: string }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof RegistryError) return { code: error.code };
    throw error;
  }
}
