import { accessOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { showRemovals } from '#src/images/show-removals';

export const rmVerb = defineVerb({
  name: 'rm',
  description:
    'Remove tags, or images with all their tags. With a tag only the tag goes, with a digest the image. Asks first, ' +
    'and never means latest by itself.',
  arguments: {
    REF: { kind: 'many', describes: 'HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST.', completes: 'reference' },
  },
  options: {
    yes: { kind: 'flag', flags: '-y, --yes', describes: 'Do not ask.' },
    dryRun: { kind: 'flag', flags: '--dry-run', describes: 'Only say what would be removed.' },
    ...accessOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'Remove a tag, asked first', command: 'entrepot rm hub.example.com/team/app:old' },
    {
      does: 'See what would go',
      command: 'entrepot rm --dry-run hub.example.com/team/app:pr-1 hub.example.com/team/app:pr-2',
    },
    {
      does: 'Remove an image from a script',
      command: `entrepot rm --yes hub.example.com/team/app@sha256:${'0123456789abcdef'.repeat(4)}`,
    },
  ],
  run: async ({ arguments: { REF: texts }, options }, context) => showRemovals(texts, options, context),
});
