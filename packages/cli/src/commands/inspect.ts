import { accessOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { showImage } from '#src/images/show-image';

export const inspectVerb = defineVerb({
  name: 'inspect',
  description:
    'Show what an image is made of: digest, platform, configuration and layers; of an index the platforms and their ' +
    'digests. Nothing but manifest and config is fetched.',
  arguments: {
    REF: {
      kind: 'one',
      describes: 'HOST/REPOSITORY:TAG or @DIGEST, oci:FOLDER[:NAME], oci-archive:FILE or docker-archive:FILE.',
      completes: 'location',
    },
  },
  options: {
    raw: {
      kind: 'flag',
      flags: '--raw',
      describes: 'Write the exact bytes of the manifest, or with --config of the config.',
    },
    config: { kind: 'flag', flags: '--config', describes: 'Show the config of the image.' },
    platform: {
      kind: 'text',
      flags: '--platform <os/arch>',
      describes: 'Show the image for this platform instead of the index.',
    },
    ...accessOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'Show an image', command: 'entrepot inspect hub.example.com/library/alpine:3' },
    {
      does: 'Show the image for one platform as JSON',
      command: 'entrepot inspect docker.io/library/alpine:3 --platform linux/arm64 -o json',
    },
    {
      does: 'Check the digest of a manifest',
      command: 'entrepot inspect --raw hub.example.com/library/alpine:3 | sha256sum',
    },
  ],
  run: async ({ arguments: { REF: text }, options }, context) => showImage(text, options, context),
});
