import { accessOptions, outputOptions, transferOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { copyBetween } from '#src/images/copy-between';
import { formatCopy } from '#src/images/show-copy';
import { parseFileLocation, parseRegistryLocation } from '#src/locations/location';
import { writeResult } from '#src/output/write-result';
import { readAccessOfEnds } from '#src/registries/access-of-ends';

export const pullVerb = defineVerb({
  name: 'pull',
  description:
    'Pull an image into an OCI layout, byte for byte, or into an archive. Everything is verified, and nothing stands ' +
    'under its final name before it is whole; what a layout holds already is not fetched again.',
  arguments: {
    REF: { kind: 'one', describes: 'HOST/REPOSITORY:TAG or @DIGEST; else latest is meant.', completes: 'reference' },
    DST: {
      kind: 'one',
      describes: 'FOLDER or oci:FOLDER[:NAME], oci-archive:FILE[:NAME] or docker-archive:FILE[:NAME].',
      completes: 'location',
    },
  },
  options: {
    ...transferOptions,
    referrers: {
      kind: 'flag',
      flags: '--referrers',
      describes: 'Pull what refers to the image too: signatures, attestations, SBOMs.',
    },
    ...accessOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'Pull into an OCI layout', command: 'entrepot pull hub.example.com/team/app:1.0 ./layout' },
    {
      does: 'Pull for docker load, for another machine',
      command: 'entrepot pull --platform linux/arm64 hub.example.com/team/app:1.0 docker-archive:app.tar',
    },
    {
      does: 'Pull everything into one file',
      command: 'entrepot pull --referrers hub.example.com/team/app:1.0 oci-archive:app.tar',
    },
  ],
  run: async ({ arguments: { REF: from, DST: to }, options }, context) => {
    const ends = { from: parseRegistryLocation(from), to: parseFileLocation(to) };
    const access = await readAccessOfEnds(ends, options, context);
    const report = await copyBetween({ ...ends, ...options, access }, context);
    await writeResult(context, options.output, report, () => formatCopy(report));
  },
});
