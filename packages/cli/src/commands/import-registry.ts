import { accessOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { importOptions } from '#src/imports/import-options';
import { importRegistry, parseOrigin, throwIfLeftOut } from '#src/imports/import-registry';
import { formatRegistryImport } from '#src/imports/show-registry-import';
import { chooseHost } from '#src/locations/host';
import { writeResult } from '#src/output/write-result';
import { readAccessOfHosts } from '#src/registries/access-of-ends';

export const importRegistryVerb = defineVerb({
  name: 'import registry',
  description:
    'Copy everything that another registry lists to this one, byte for byte: every tag of every repository, with what ' +
    'refers to it. What the target has is not sent again, so that the same command goes on after an interruption. ' +
    'Projects are made where they are missing; a name of one part goes to the project library.',
  arguments: {
    'HOST[/PREFIX]': { kind: 'one', describes: 'The registry to take from, and what names must begin with.' },
  },
  options: {
    to: {
      kind: 'text',
      flags: '--to <host>',
      describes: 'The registry to take it to.',
      env: 'ENTREPOT_HOST',
    },
    repository: {
      kind: 'list',
      flags: '--repository <name>',
      describes: 'Take this repository, where the registry does not list them; several times for more.',
    },
    ...importOptions,
    ...accessOptions,
    fromPlainHttp: { kind: 'flag', flags: '--from-plain-http', describes: 'As --plain-http, for the source only.' },
    fromInsecure: { kind: 'flag', flags: '--from-insecure', describes: 'As --insecure, for the source only.' },
    toPlainHttp: { kind: 'flag', flags: '--to-plain-http', describes: 'As --plain-http, for the target only.' },
    toInsecure: { kind: 'flag', flags: '--to-insecure', describes: 'As --insecure, for the target only.' },
  },
  examples: [
    { does: 'Take over a registry', command: 'entrepot import registry old.example.com --to hub.example.com' },
    {
      does: 'Take what is under one name into a project',
      command: 'entrepot import registry old.example.com/team --to hub.example.com --project team',
    },
  ],
  run: async ({ arguments: { 'HOST[/PREFIX]': text }, options }, context) => {
    const { host, prefix } = parseOrigin(text);
    const to = chooseHost(options.to, context.env, 'the one that takes them with --to');
    const access = await readAccessOfHosts({ from: host, to }, options, context);
    const { repository: repositories, jobs = 4, ...rest } = options;
    const report = await importRegistry({ ...rest, host, prefix, to, access, repositories, jobs }, context);
    await writeResult(context, options.output, report, () => formatRegistryImport(report));
    throwIfLeftOut(report);
  },
});
