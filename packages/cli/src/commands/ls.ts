import { accessOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { listNames } from '#src/images/list-names';
import { showNames } from '#src/images/show-names';

export const lsVerb = defineVerb({
  name: 'ls',
  description:
    'List the repositories of a registry, as far as it shows them, or the tags of a repository, or the names in an OCI ' +
    'layout or archive. One name a line, as they arrive.',
  arguments: {
    WHAT: {
      kind: 'optional',
      describes: 'HOST, HOST/REPOSITORY, oci:FOLDER, oci-archive:FILE or docker-archive:FILE; else ENTREPOT_HOST.',
      completes: 'location',
    },
  },
  options: {
    filter: {
      kind: 'text',
      flags: '--filter <pattern>',
      describes: 'Only names that match the pattern: * is any text, ? one character.',
    },
    limit: {
      kind: 'integer',
      flags: '-n, --limit <number>',
      describes: 'At most so many names.',
      min: 1,
      max: 100_000_000,
    },
    ...accessOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'List the repositories of a registry', command: 'entrepot ls hub.example.com' },
    { does: 'List the tags of a repository', command: 'entrepot ls hub.example.com/library/alpine' },
    {
      does: 'List the tags of the series 3 for a script',
      command: "entrepot ls docker.io/library/alpine --filter '3.*' -o json",
    },
    { does: 'List what an OCI layout holds', command: 'entrepot ls oci:./images' },
  ],
  run: async ({ arguments: { WHAT: text }, options }, context) => {
    await showNames(await listNames(text, options, context), options, context);
  },
});
