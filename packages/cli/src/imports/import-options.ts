import { localRegistryOptions, outputOptions } from '#src/command-line/shared-options';
import type { OptionSpec } from '#src/command-line/verb';

/** For every verb that imports. */
export const importOptions = {
  project: {
    kind: 'text',
    flags: '--project <name>',
    describes: 'Put everything under this project; else the first part of a name is its project.',
  },
  include: {
    kind: 'list',
    flags: '--include <pattern>',
    describes: "Take only repositories whose name in the source matches, such as 'team/**'; several times for more.",
  },
  replaceTags: {
    kind: 'flag',
    flags: '--replace-tags',
    describes: 'Move tags that are here already and point at something else.',
  },
  dryRun: { kind: 'flag', flags: '--dry-run', describes: 'Look at the source only, and say what would be taken.' },
  jobs: {
    kind: 'integer',
    flags: '-j, --jobs <number>',
    describes: 'How many things are read at a time.',
    min: 1,
    max: 64,
  },
  ...outputOptions,
} as const satisfies Record<string, OptionSpec>;

/** For those that read files and write to the registry of this machine. */
export const localImportOptions = {
  ...localRegistryOptions,
  link: { kind: 'flag', flags: '--link', describes: 'Make hard links only; what cannot be linked is left out.' },
  copy: { kind: 'flag', flags: '--copy', describes: 'Make copies only; else links where they can be made.' },
  untagged: { kind: 'flag', flags: '--untagged', describes: 'Take manifests that no tag leads to as well.' },
  sparse: {
    kind: 'flag',
    flags: '--sparse',
    describes: 'Take images that lack layers, and indexes of which an image could not be taken.',
  },
  trustDigests: {
    kind: 'flag',
    flags: '--trust-digests',
    describes: 'Take layers without reading them. Manifests are checked all the same.',
  },
  ...importOptions,
} as const satisfies Record<string, OptionSpec>;
