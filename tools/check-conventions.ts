// What no other tool sees: reasons for suppressions and skipped tests, narrow doors, names for assorted things.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findFiles } from './find-files.ts';
import { repositoryRoot } from './run-command.ts';

const widestDoor = 12;
const assorted = /^(utils?|common|misc|helpers?|shared|manager|base-.*)(\.test)?\.ts$/;

interface LineRule {
  readonly refused: RegExp;
  readonly unless?: RegExp;
  readonly why: string;
}

const everywhere: readonly LineRule[] = [
  {
    refused: /\/[/*]\s*(?:oxlint|eslint)-disable/,
    unless: / -- \S.{8}/,
    why: 'a suppression names its reason on the same line, after " -- "',
  },
  {
    refused: /\/[/*]\s*biome-ignore/,
    unless: /biome-ignore format: \S.{8}/,
    why: 'a suppression names its reason on the same line',
  },
  {
    refused: /\/[/*]\s*@ts-expect-error/,
    unless: /@ts-expect-error:? \S.{8}/,
    why: 'a suppression names its reason on the same line',
  },
  { refused: /\bimport\(\s*['"](?:\.\/)?\.\.\//, why: 'never up, in import() either' },
  { refused: /\/[/*]\s*@ts-(?:ignore|nocheck)/, why: 'use @ts-expect-error with a reason' },
  { refused: /^\s*(?:\/\/|\*)\s*(?:TODO|FIXME|XXX|HACK|NOTE)\b/, why: 'markers are @NOTE and @TODO' },
];

const inTests: readonly LineRule[] = [
  { refused: /\b(?:test|it|describe|suite)\.only\(|\bonly:\s*true\b/, why: 'a focused test hides the others' },
  {
    refused: /\b(?:test|it|describe|suite)\.(?:skip|todo)\(|\b(?:skip|todo):\s*true\b|\bt\.(?:skip|todo)\(\)/,
    why: "a skipped test says why: { skip: 'the reason' }",
  },
];

function findLineFaults(path: string, text: string): string[] {
  const rules = path.endsWith('.test.ts') ? [...everywhere, ...inTests] : everywhere;
  return text
    .split('\n')
    .flatMap((line, index) =>
      rules
        .filter((rule) => rule.refused.test(line) && rule.unless?.test(line) !== true)
        .map((rule) => `${path}:${index + 1}: ${rule.why}`),
    );
}

/** A front door is a folder's `index.ts` in the server: named exports only, and few. */
function findDoorFaults(path: string, text: string): string[] {
  const faults: string[] = [];
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  if (/^export\s+(?:type\s+)?\*/m.test(code)) faults.push(`${path}: a door names what it exports; no export *`);
  const listed = [...code.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}/gm)].flatMap((match) =>
    (match[1] ?? '').split(',').filter((name) => name.trim() !== ''),
  );
  const declared = [
    ...code.matchAll(/^export\s+(?:async\s+|abstract\s+)*(?:function|const|class|interface|type)\s+\w/gm),
  ];
  const names = listed.length + declared.length;
  if (names > widestDoor) faults.push(`${path}: ${names} names; a front door has at most ${widestDoor}`);
  return faults;
}

const files = findFiles(['packages/*/{src,testing}/**/*.ts', 'tests/**/*.ts', 'tools/**/*.ts']);
const faults = files.flatMap((path) => {
  const text = readFileSync(join(repositoryRoot, path), 'utf8');
  const own = findLineFaults(path, text);
  if (assorted.test(basename(path))) own.push(`${path}: name the file after the one thing it holds`);
  if (/^packages\/server\/src\/.*\/index\.ts$/.test(path)) own.push(...findDoorFaults(path, text));
  return own;
});
if (files.length === 0) faults.push('no file was found');

if (faults.length > 0) {
  console.log(faults.join('\n'));
  process.exitCode = 1;
} else {
  console.log(`${files.length} files`);
}
