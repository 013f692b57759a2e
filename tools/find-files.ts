// The repository's own files, without what is installed or built.
import { globSync } from 'node:fs';
import { sep } from 'node:path';
import { repositoryRoot } from './run-command.ts';

const skipped = new Set(['node_modules', 'dist', 'canary', '.git']);

/** Paths relative to the root, with forward slashes, sorted. The canary's faulty files are never among them. */
export function findFiles(patterns: readonly string[]): string[] {
  const found = globSync([...patterns], {
    cwd: repositoryRoot,
    exclude: (path) => path.split(sep).some((part) => skipped.has(part)),
  });
  return found.map((path) => path.split(sep).join('/')).toSorted();
}
