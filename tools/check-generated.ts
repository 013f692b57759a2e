// Generated = committed: renders every generated file into memory and compares it with the one on disk.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from './generate.ts';
import { repositoryRoot } from './run-command.ts';

const faults: string[] = [];
for (const { path, render } of generatedFiles) {
  const expected = await render();
  const target = join(repositoryRoot, path);
  const actual = existsSync(target) ? readFileSync(target, 'utf8') : undefined;
  if (actual === undefined) {
    faults.push(`${path}: missing`);
  } else if (actual !== expected) {
    const lines = actual.split('\n');
    const line = expected.split('\n').findIndex((text, index) => text !== lines[index]);
    faults.push(`${path}: differs from what its source says${line < 0 ? '' : `, first in line ${line + 1}`}`);
  }
}

if (faults.length > 0) {
  console.log(`${faults.join('\n')}\nRun "npm run generate" and commit the result.`);
  process.exitCode = 1;
} else {
  console.log(`${generatedFiles.length} files`);
}
