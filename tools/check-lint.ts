// oxlint with type information over the whole tree; a run that saw no file is a failure.
import { runCommand } from './run-command.ts';

interface LintResult {
  readonly number_of_files: number;
  readonly diagnostics: readonly {
    readonly message: string;
    readonly code?: string;
    readonly help?: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number; readonly column: number } }[];
  }[];
}

const options = ['--type-aware', '--deny-warnings', '--report-unused-disable-directives', '--format', 'json'];
const { code, output } = await runCommand('oxlint', options);

function fail(text: string): void {
  console.log(text);
  process.exitCode = 1;
}

function judge(result: LintResult): void {
  const lines = result.diagnostics.map(({ message, code: rule, help, filename, labels: [label] }) => {
    const place = label === undefined ? filename : `${filename}:${label.span.line}:${label.span.column}`;
    return `${place}: ${message} [${rule ?? 'oxlint'}]${help === undefined ? '' : `\n    ${help}`}`;
  });
  if (lines.length > 0) fail(`${lines.join('\n')}\n${lines.length} faults in ${result.number_of_files} files`);
  else if (code !== 0) fail(`oxlint failed without a fault:\n${output}`);
  else if (result.number_of_files === 0) fail('oxlint looked at no file');
  else console.log(`${result.number_of_files} files`);
}

let result: LintResult | undefined;
try {
  result = JSON.parse(output);
} catch {
  fail(`oxlint did not finish:\n${output.trim()}`);
}
if (result !== undefined) judge(result);
