import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const repository = join(import.meta.dirname, '../..');
const canary = join(import.meta.dirname, 'canary');
const packages = ['oci', 'contract', 'server', 'cli'];
const configurations = [
  '.dependency-cruiser.mjs',
  'tools/dependency-base.mjs',
  ...packages.map((name) => `packages/${name}/.dependency-cruiser.mjs`),
];
/** What the checks are made of, copied beside the canary so that they look at it as at the repository. */
const machinery = [
  ...configurations,
  ...packages.map((name) => `packages/${name}/package.json`),
  'package.json',
  'tsconfig.json',
  '.oxlintrc.json',
  ...['find-files', 'run-command', 'check-imports', 'check-lint', 'check-conventions'].map(
    (name) => `tools/${name}.ts`,
  ),
];
const dependencies = ['.bin', '@types', '@typescript', 'kysely', 'fastify', 'pg', 'pino', 'typescript'];

/** What a file of the canary says about itself: `// canary: <check> <what it must be refused for>`, or `sound`. */
interface Expectation {
  readonly path: string;
  readonly check: string;
  readonly fault: string;
}

const expectations: readonly Expectation[] = globSync('**/*.ts', { cwd: canary }).flatMap((path) => {
  const marks = [...readFileSync(join(canary, path), 'utf8').matchAll(/^\/\/ canary: (\S+) ?(.*)$/gm)];
  assert.ok(marks.length > 0, `${path} says what it must be refused for`);
  return marks.map(([, check = '', fault = '']) => ({ path, check, fault }));
});

function buildTree(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'entrepot-walls-')));
  cpSync(canary, root, { recursive: true });
  for (const path of machinery) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(join(repository, path), join(root, path));
  }
  mkdirSync(join(root, 'node_modules/@entrepot'), { recursive: true });
  for (const name of packages) symlinkSync(join(root, 'packages', name), join(root, 'node_modules/@entrepot', name));
  for (const name of dependencies)
    symlinkSync(join(repository, 'node_modules', name), join(root, 'node_modules', name));
  const lines = Array.from({ length: 401 }, (_, i) => `export const line${i} = ${i};\n`);
  writeFileSync(join(root, 'packages/server/src/platform/lint/too-long.ts'), lines.join(''));
  return root;
}

function run(root: string, ...args: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.notEqual(status, 0, `${args.join(' ')} is content with the canary: ${stdout}${stderr}`);
  return stdout.split('\n');
}

/** A line begins with the file it is about; one about imports with the package, the rule and the file in the package. */
function accuses(line: string, path: string): boolean {
  const [, folder, , from] = /^(\S+): ([a-z-]+): (\S+) → /.exec(line) ?? [];
  if (folder === undefined || from === undefined) return line.startsWith(`${path}:`) || line.startsWith(`${path}(`);
  return (folder === '.' ? from : `${folder}/${from}`) === path;
}

const commands: Readonly<Record<string, readonly string[]>> = {
  imports: ['tools/check-imports.ts'],
  lint: ['tools/check-lint.ts'],
  types: ['node_modules/@typescript/native/bin/tsc', '-p', '.', '--pretty', 'false'],
  conventions: ['tools/check-conventions.ts'],
};

describe('the walls refuse what they are there to refuse', { concurrency: 2 }, () => {
  let root = '';
  before(() => {
    root = buildTree();
  });
  after(() => {
    rmSync(root, { recursive: true, force: true });
  });

  for (const [check, command] of Object.entries(commands)) {
    test(`${check}: every fault of the canary, and nothing in its sound files`, async (t) => {
      const lines = run(root, ...command);
      for (const { path, fault } of expectations.filter((expectation) => expectation.check === check)) {
        await t.test(`${path}: ${fault}`, () => {
          const found = lines.filter((line) => accuses(line, path));
          const said = found.join('\n');
          assert.ok(
            found.some((line) => line.includes(fault)),
            `not refused for "${fault}"; said of it:\n${said}`,
          );
        });
      }
      for (const { path } of expectations.filter((expectation) => expectation.check === 'sound')) {
        const found = lines.filter((line) => accuses(line, path));
        assert.deepEqual(found, [], path);
      }
    });
  }

  test('a file of 401 lines of code is too long', () => {
    const lines = run(root, 'tools/check-lint.ts');
    assert.ok(lines.some((line) => line.includes('lint/too-long.ts') && line.includes('max-lines')));
  });
});

test('every rule about imports has its canary', async () => {
  const covered = new Set(expectations.filter(({ check }) => check === 'imports').map(({ fault }) => fault));
  for (const path of configurations) {
    const { default: configuration } = await import(pathToFileURL(join(repository, path)).href);
    for (const { name } of configuration.forbidden) assert.ok(covered.has(name), `${path}: ${name}`);
  }
});
