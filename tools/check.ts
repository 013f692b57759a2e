// `npm run check`: format, lint, types, architecture, dead code, generated files, dependencies. Names narrow it: `check lint types`.
import { availableParallelism } from 'node:os';
import { runCommand } from './run-command.ts';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const node = process.execPath;

// The slow ones first, so that the short ones fill the gaps.
const steps: readonly Step[] = [
  { name: 'imports', command: node, args: ['tools/check-imports.ts'] },
  { name: 'types', command: node, args: ['node_modules/@typescript/native/bin/tsc', '-p', '.', '--pretty', 'false'] },
  { name: 'lint', command: node, args: ['tools/check-lint.ts'] },
  { name: 'dead-code', command: 'knip', args: ['--no-progress', '--no-config-hints'] },
  { name: 'generated', command: node, args: ['tools/check-generated.ts'] },
  { name: 'dependencies', command: node, args: ['tools/check-dependencies.ts'] },
  { name: 'conventions', command: node, args: ['tools/check-conventions.ts'] },
  { name: 'format', command: 'biome', args: ['format', '.'] },
];

async function runStep(step: Step): Promise<boolean> {
  const start = performance.now();
  const { code, output } = await runCommand(step.command, step.args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const text = output.trim();
  if (code === 0) {
    const said = text.split('\n').length === 1 ? text : '';
    console.log(`ok    ${step.name.padEnd(13)}${seconds.padStart(5)}s  ${said}`.trimEnd());
    return true;
  }
  console.log(
    `FAIL  ${step.name.padEnd(13)}${seconds.padStart(5)}s  exit code ${code}\n${text.replace(/^/gm, '    ')}\n`,
  );
  return false;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`No such check: ${unknown.join(', ')}. There are: ${steps.map((step) => step.name).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const queue = wanted.length === 0 ? [...steps] : steps.filter((step) => wanted.includes(step.name));
  const failed: string[] = [];
  const lane = async (): Promise<void> => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      if (!(await runStep(step))) failed.push(step.name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, Math.max(2, availableParallelism())) }, lane));
  if (failed.length === 0) {
    console.log('check: all green');
  } else {
    console.log(`check: FAILED: ${failed.toSorted().join(', ')}`);
    process.exitCode = 1;
  }
}

await main();
