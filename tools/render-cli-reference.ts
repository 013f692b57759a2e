// docs/reference/cli.md: every verb with its arguments, options and examples, the variables and the exit codes.
import { describeOption } from '@entrepot/cli/command-line/describe-option';
import { environment } from '@entrepot/cli/command-line/environment';
import { argumentSyntax, type Verb } from '@entrepot/cli/command-line/verb';
import { verbTable } from '@entrepot/cli/command-line/verb-table';
import { exitCodeMeanings, exitCodes } from '@entrepot/cli/failures/exit-code';

const introduction = `# Command line

This page is generated from the verbs themselves; \`npm run generate\` writes it.

\`entrepot\` runs a registry and works with any registry. In a checkout it is called as \`npm run entrepot -- VERB\`.

- Data goes to standard output, everything else to standard error. \`-o json\` and \`-o yaml\` are for scripts; with
  \`-o json\` failures are JSON too, one document a line: \`{"error":{"code":…,"message":…,"http":…,"hint":…}}\`.
- An image is named \`HOST/REPOSITORY:TAG\` or \`HOST/REPOSITORY@DIGEST\`, as docker reads it, or by its place on this
  machine: \`oci:FOLDER[:NAME]\` (an OCI layout), \`oci-archive:FILE[:NAME]\` (a tar archive of one) or
  \`docker-archive:FILE[:NAME]\` (what \`docker save\` writes and \`docker load\` reads).
- This machine itself (\`localhost\`, \`127.0.0.1\`, \`[::1]\`) is reached without TLS where it does not speak TLS; any other
  host only with \`--plain-http\`.
- Everything that is fetched is verified against its digest and gets its final name when it is whole.
`;

const credentials = `## Credentials

Verbs that talk to a registry look for credentials in this order; the first that fits the registry is used:

1. \`--username\` with \`--password-stdin\`, or \`ENTREPOT_USERNAME\` with \`ENTREPOT_PASSWORD\`, or \`ENTREPOT_TOKEN\`
2. the file of \`--authfile\` or \`REGISTRY_AUTH_FILE\`, and then no other
3. \`$XDG_RUNTIME_DIR/containers/auth.json\`
4. \`$XDG_CONFIG_HOME/containers/auth.json\`, or \`~/.config/containers/auth.json\`
5. \`$DOCKER_CONFIG/config.json\`, or \`~/.docker/config.json\`
6. \`~/.dockercfg\`

In a file, the credential helper it names for the registry (\`credHelpers\`, \`credsStore\`) is asked first, then its entries;
in the containers files an entry for a namespace (\`host/team\`) wins over one for the host. \`login\` keeps credentials with
the helper or in the first of these files that exists, else in the first that could; only its owner can read it.
`;

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/<([^>]+)>/g, '&lt;$1&gt;');
}

function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return rows.length === 0 ? [] : [...lines, ''];
}

function renderVerb(verb: Verb): string {
  const args = Object.entries(verb.arguments);
  const options = Object.values(verb.options);
  const usage = ['entrepot', verb.name, ...(options.length > 0 ? ['[options]'] : [])];
  usage.push(...args.map(([name, spec]) => argumentSyntax(name, spec)));
  return [
    `## entrepot ${verb.name}`,
    '',
    '```',
    usage.join(' '),
    '```',
    '',
    verb.description,
    '',
    ...renderTable(
      ['Argument', 'Meaning'],
      args.map(([name, { describes }]) => [`\`${name}\``, escapeCell(describes)]),
    ),
    ...renderTable(
      ['Option', 'Meaning'],
      options.map((spec) => [`\`${spec.flags}\``, escapeCell(describeOption(spec))]),
    ),
    '```sh',
    verb.examples.map(({ does, command }) => `# ${does}\n${command}`).join('\n\n'),
    '```',
    '',
  ].join('\n');
}

export async function renderCliReference(): Promise<string> {
  const verbs = await Promise.all(verbTable.map((entry) => entry.load()));
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  return [
    introduction,
    renderTable(
      ['Verb', 'Does'],
      verbTable.map(({ name, summary }) => [`[\`${name}\`](#entrepot-${name})`, summary]),
    ).join('\n'),
    ...verbs.map(renderVerb),
    credentials,
    '## Environment\n',
    renderTable(
      ['Variable', 'Meaning'],
      environment.map(({ name, describes }) => [`\`${name.replaceAll(', ', '`, `')}\``, describes]),
    ).join('\n'),
    '## Exit codes\n',
    renderTable(
      ['Code', 'Meaning'],
      names.map((name) => [String(exitCodes[name]), exitCodeMeanings[name]]),
    ).join('\n'),
  ].join('\n');
}
