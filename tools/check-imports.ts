// dependency-cruiser per package and over the whole: rooms in a row, no cycles, package direction.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findFiles } from './find-files.ts';
import { repositoryRoot, runCommand } from './run-command.ts';

interface CruiseResult {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly rule: { readonly name: string };
      readonly from: string;
      readonly to: string;
      readonly cycle?: readonly { readonly name: string }[];
    }[];
  };
}

/**
 * Cruises `folders` as seen from `cwd` and answers with what is wrong. That every TypeScript file on disk was
 * cruised is part of the verdict: without a compiler below 7, dependency-cruiser finds nothing and is content.
 */
async function cruise(cwd: string, folders: readonly string[]): Promise<{ faults: string[]; modules: number }> {
  const home = join(repositoryRoot, cwd);
  const present = folders.filter((folder) => existsSync(join(home, folder)));
  const args = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...present];
  const { output } = await runCommand('depcruise', args, home);
  let result: CruiseResult;
  try {
    result = JSON.parse(output);
  } catch {
    return { faults: [`${cwd}: dependency-cruiser did not finish:\n${output.trim()}`], modules: 0 };
  }
  const cruised = new Set(result.modules.map((module) => module.source));
  const missed = findFiles(present.map((folder) => join(cwd, folder, '**/*.ts')))
    .map((path) => (cwd === '.' ? path : path.slice(cwd.length + 1)))
    .filter((path) => !cruised.has(path));
  const faults = [
    ...missed.map((path) => `${cwd}: not cruised: ${path}`),
    ...result.summary.violations.map(({ rule, from, to, cycle }) => {
      const way = cycle === undefined ? to : cycle.map((step) => step.name).join(' → ');
      return `${cwd}: ${rule.name}: ${from} → ${way}`;
    }),
  ];
  if (cruised.size === 0) faults.push(`${cwd}: dependency-cruiser cruised 0 modules`);
  return { faults, modules: cruised.size };
}

const packages = findFiles(['packages/*/package.json']).map((path) => path.replace('/package.json', ''));
const results = await Promise.all([
  cruise('.', ['packages', 'tests', 'tools']),
  ...packages.map((folder) => cruise(folder, ['src', 'testing'])),
]);
const faults = results.flatMap((result) => result.faults);

if (faults.length > 0) {
  console.log(faults.join('\n'));
  process.exitCode = 1;
} else {
  console.log(`${results[0]?.modules ?? 0} modules in ${packages.length} packages`);
}
