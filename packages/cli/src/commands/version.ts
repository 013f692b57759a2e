import { outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { writeResult } from '#src/output/write-result';
import { version } from '#src/version';

export const versionVerb = defineVerb({
  name: 'version',
  description: 'Show the version of entrepot and of the Node that runs it.',
  arguments: {},
  options: { ...outputOptions },
  examples: [
    { does: 'Show the version', command: 'entrepot version' },
    { does: 'Show it to a script', command: 'entrepot version -o json' },
  ],
  run: async ({ options }, context) => {
    const facts = { version, node: process.versions.node, platform: `${process.platform}/${process.arch}` };
    await writeResult(
      context,
      options.output,
      facts,
      () => `entrepot ${version} (node ${facts.node}, ${facts.platform})\n`,
    );
  },
});
