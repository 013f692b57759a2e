import { managementOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { UsageError } from '#src/failures/failures';
import { showDrift } from '#src/state/drift';

export const diffVerb = defineVerb({
  name: 'diff',
  description:
    'Show where a registry is no longer what files say, because somebody changed it by hand. Changes nothing. The exit ' +
    'code is 0 either way, unless --exit-code asks for 1 where something differs.',
  arguments: {},
  options: {
    file: {
      kind: 'list',
      flags: '-f, --file <file>',
      describes: 'A file in YAML or JSON, a folder of them, or - for standard input; several times.',
    },
    exitCode: { kind: 'flag', flags: '--exit-code', describes: 'Fail with exit code 1 when something differs.' },
    ...managementOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'See whether anybody changed things by hand', command: 'entrepot diff -f registry/' },
    { does: 'Fail a nightly pipeline when somebody did', command: 'entrepot diff -f registry/ --exit-code' },
  ],
  run: ({ options }, context) => {
    if (options.file.length === 0) {
      throw new UsageError('no file is named', 'name one with -f.');
    }
    return showDrift(options, context);
  },
});
