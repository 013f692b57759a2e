// docs/reference/configuration.md: every key with its variable, default and explanation.
import type { ConfigTableRow } from '#server/platform/config';
import { cutSections } from './config-sections.ts';

const introduction = `# Configuration

This page is generated from the table that the registry reads; \`npm run generate\` writes it.

A key is set by a flag (\`--blobs-s3-bucket\`), by a variable (\`ENTREPOT_BLOBS_S3_BUCKET\`) or in the YAML file that
\`--config\` or \`ENTREPOT_CONFIG\` names; [entrepot.example.yaml](entrepot.example.yaml) holds every key. A flag wins over a
variable, a variable over the file, the file over the default.

- Anything wrong anywhere, a misspelt key included, keeps the registry from starting, and every fault is told at once.
- An empty value counts as not written. Relative paths are taken from the working directory.
- Durations carry their unit: \`500ms\`, \`60s\`, \`15m\`, \`1h30m\`, \`168h\`, \`7d\`. Sizes are \`64MiB\`, \`4MB\` or bytes.
- A secret (marked 🔒) can stay in a file: \`ENTREPOT_ADMIN_PASSWORD_FILE\` and \`auth.admin_password_file\` name one.
`;

function describeRange({ choices, min, max }: ConfigTableRow): string {
  if (choices !== undefined) return ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`;
  const bounds = [min === undefined ? '' : `at least \`${min}\``, max === undefined ? '' : `at most \`${max}\``];
  const range = bounds.filter((bound) => bound !== '').join(', ');
  return range === '' ? '' : ` ${range.charAt(0).toUpperCase()}${range.slice(1)}.`;
}

function renderRow(row: ConfigTableRow): string {
  const fallback = row.default === null || row.default === '' ? (row.absent ?? 'none') : `\`${row.default}\``;
  const lock = row.kind === 'secret' ? ' 🔒' : '';
  const cells = [`\`${row.key}\`${lock}`, `\`${row.env}\``, fallback, row.explanation + describeRange(row)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

export function renderConfigurationPage(table: readonly ConfigTableRow[]): string {
  const sections = cutSections(table).map(({ name, rows }) =>
    [
      `## ${name === '' ? 'General' : name}`,
      '',
      '| Key | Variable | Default | Explanation |',
      '|---|---|---|---|',
      ...rows.map(renderRow),
      '',
    ].join('\n'),
  );
  return [introduction, ...sections].join('\n');
}
