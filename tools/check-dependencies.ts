// Dependency policy: exact versions; in production no install scripts and no native modules; only licences we accept.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFiles } from './find-files.ts';
import { repositoryRoot } from './run-command.ts';

interface Manifest {
  readonly [field: string]: unknown;
}

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const acceptedLicences = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

const exactVersion = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;
const dependencyFields = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'];

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8'));
}

/** An SPDX expression of names joined by OR or AND. */
function isAccepted(licence: string): boolean {
  const bare = licence.replaceAll(/[()]/g, '').trim();
  if (bare.includes(' AND ')) return bare.split(' AND ').every((part) => isAccepted(part));
  return bare.split(' OR ').some((part) => acceptedLicences.has(part.trim()));
}

function findInexactVersions(path: string): string[] {
  const manifest = readJson(path) as Manifest;
  return dependencyFields.flatMap((field) =>
    Object.entries((manifest[field] ?? {}) as Record<string, unknown>)
      .filter(([, version]) => typeof version !== 'string' || !exactVersion.test(version))
      .map(([name, version]) => `${path}: ${field}.${name} is ${JSON.stringify(version)}; name one exact version`),
  );
}

function findLockFaults(path: string, entry: LockEntry): string[] {
  const faults: string[] = [];
  if (entry.resolved !== undefined) {
    faults.push(`package-lock.json: ${path} names where it came from; keep omit-lockfile-registry-resolved in .npmrc`);
  }
  if (entry.license === undefined || !isAccepted(entry.license)) {
    faults.push(`${path}: licence ${entry.license ?? 'unknown'} is not on the list in tools/check-dependencies.ts`);
  }
  if (entry.dev === true) return faults;
  if (entry.hasInstallScript === true) faults.push(`${path}: runs a script when installed`);
  const [native] = globSync('**/*.node', { cwd: join(repositoryRoot, path) });
  if (native !== undefined) faults.push(`${path}: holds the native module ${native}`);
  return faults;
}

/**
 * npm leaves a platform's build out of the lock, silently, when the registry cannot give that version; `npm ci` then
 * refuses the lock as a whole. The mend is a version of the tool that is there for every platform.
 */
function findGaps(entries: readonly (readonly [path: string, entry: LockEntry])[]): string[] {
  const names = new Set(
    entries.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)),
  );
  return entries.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !names.has(name))
      .map(
        ([name, version]) => `package-lock.json: ${path} wants ${name}@${version}, which is missing; npm ci refuses`,
      ),
  );
}

const lock = readJson('package-lock.json') as { readonly packages: Record<string, LockEntry> };
const installed = Object.entries(lock.packages).filter(
  ([path, entry]) => path.includes('node_modules/') && entry.link !== true,
);
const faults = [
  ...findFiles(['package.json', 'packages/*/package.json']).flatMap(findInexactVersions),
  ...findGaps(installed),
  ...installed.flatMap(([path, entry]) => findLockFaults(path, entry)),
];
if (installed.length === 0) faults.push('package-lock.json: lists no package');

if (faults.length > 0) {
  console.log(faults.join('\n'));
  process.exitCode = 1;
} else {
  const production = installed.filter(([, entry]) => entry.dev !== true).length;
  console.log(`${installed.length} packages, ${production} of them in production`);
}
