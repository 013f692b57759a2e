import { accessOptions, outputOptions, transferOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { copyBetween } from '#src/images/copy-between';
import { formatCopy } from '#src/images/show-copy';
import { parseFileLocation, parseRegistryLocation } from '#src/locations/location';
import { writeResult } from '#src/output/write-result';
import { readAccessOfEnds } from '#src/registries/access-of-ends';

export const pushVerb = defineVerb({
  name: 'push',
  description:
    'Push an image from an OCI layout, byte for byte, or from an archive. What the registry holds already is not sent ' +
    'again. The layers of a docker archive are verified and compressed; the same archive always yields the same digest.',
  arguments: {
    SRC: {
      kind: 'one',
      describes: 'FOLDER or oci:FOLDER[:NAME], oci-archive:FILE[:NAME] or docker-archive:FILE[:NAME].',
      completes: 'location',
    },
    REF: { kind: 'one', describes: 'HOST/REPOSITORY:TAG; without a tag latest is meant.', completes: 'reference' },
  },
  options: {
    ...transferOptions,
    referrers: {
      kind: 'flag',
      flags: '--referrers',
      describes: 'Push what refers to the image too: signatures, attestations, SBOMs.',
    },
    ...accessOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'Push an OCI layout', command: 'entrepot push ./layout hub.example.com/team/app:1.0' },
    {
      does: 'Push one of several images in a layout',
      command: 'entrepot push oci:./images:v2 hub.example.com/team/app:v2',
    },
    {
      does: 'Push what docker save wrote',
      command: 'entrepot push docker-archive:app.tar hub.example.com/team/app:1.0',
    },
  ],
  run: async ({ arguments: { SRC: from, REF: to }, options }, context) => {
    const ends = { from: parseFileLocation(from), to: parseRegistryLocation(to) };
    const access = await readAccessOfEnds(ends, options, context);
    const report = await copyBetween({ ...ends, ...options, access }, context);
    await writeResult(context, options.output, report, () => formatCopy(report));
  },
});
