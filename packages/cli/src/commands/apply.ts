import { managementOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { UsageError } from '#src/failures/failures';
import { applyState } from '#src/state/apply';

export const applyVerb = defineVerb({
  name: 'apply',
  description:
    'Make a registry what files say: show what differs, ask, and change it. What the files do not speak of is left ' +
    'alone; with --prune, what is too much in the lists of the projects that they name is removed. A second time there ' +
    'is nothing to do. When some of it fails the rest is still done, and the exit code is 7.',
  arguments: {},
  options: {
    file: {
      kind: 'list',
      flags: '-f, --file <file>',
      describes: 'A file in YAML or JSON, a folder of them, or - for standard input; several times.',
    },
    dryRun: { kind: 'flag', flags: '--dry-run', describes: 'Show what would be done, and change nothing.' },
    prune: {
      kind: 'flag',
      flags: '--prune',
      describes: 'Remove what is in the named projects and not in the files; never the last administrator.',
    },
    sendSecrets: {
      kind: 'flag',
      flags: '--send-secrets',
      describes:
        'Send secrets that the registry has already: it does not show them, so it cannot be seen whether they changed.',
    },
    secretsOut: {
      kind: 'text',
      flags: '--secrets-out <file>',
      describes: 'Write the secrets of new robots there, for this user alone, instead of showing them.',
    },
    yes: { kind: 'flag', flags: '-y, --yes', describes: 'Do not ask.' },
    ...managementOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'See what would change', command: 'entrepot apply -f registry.yaml --dry-run' },
    {
      does: 'Apply a folder in a pipeline, and keep the secrets of new robots',
      command: 'entrepot apply -f registry/ --prune --yes --secrets-out robots.yaml',
    },
  ],
  run: ({ options }, context) => {
    if (options.file.length === 0) {
      throw new UsageError('no file is named', 'name one with -f.');
    }
    return applyState(options, context);
  },
});
