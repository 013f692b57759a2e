import { accessOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { showTags } from '#src/images/show-tags';

export const tagVerb = defineVerb({
  name: 'tag',
  description:
    'Give an image further tags in its repository. A tag that is in use moves. Only the manifest travels, byte for byte.',
  arguments: {
    REF: { kind: 'one', describes: 'HOST/REPOSITORY:TAG or @DIGEST.', completes: 'reference' },
    NEWTAG: { kind: 'many', describes: 'The new tags, without host and repository.' },
  },
  options: { ...accessOptions, ...outputOptions },
  examples: [
    { does: 'Give a release its short tags', command: 'entrepot tag hub.example.com/team/app:1.2.3 1.2 1 latest' },
    {
      does: 'Name an image that is known by its digest',
      command: `entrepot tag hub.example.com/team/app@sha256:${'0123456789abcdef'.repeat(4)} stable`,
    },
  ],
  run: async ({ arguments: { REF: text, NEWTAG: tags }, options }, context) => showTags(text, tags, options, context),
});
