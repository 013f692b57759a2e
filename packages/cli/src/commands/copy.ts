import { accessOptions, outputOptions, transferOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { copyBetween } from '#src/images/copy-between';
import { formatCopy } from '#src/images/show-copy';
import { parseLocation } from '#src/locations/location';
import { writeResult } from '#src/output/write-result';
import { readAccessOfEnds } from '#src/registries/access-of-ends';

const locations = 'HOST/REPOSITORY:TAG or @DIGEST, oci:FOLDER[:NAME], oci-archive:FILE or docker-archive:FILE[:NAME].';

export const copyVerb = defineVerb({
  name: 'copy',
  description:
    'Copy an image, or an index with everything it names, byte for byte. What the target holds already is not copied ' +
    'again, so an interrupted copy goes on where it was; within one registry nothing travels. From a docker archive ' +
    'layers are compressed; into one, the image for this machine is written unless --platform says otherwise.',
  arguments: {
    SRC: { kind: 'one', describes: `From: ${locations}`, completes: 'location' },
    DST: { kind: 'one', describes: 'To: the same.', completes: 'location' },
  },
  options: {
    ...transferOptions,
    referrers: {
      kind: 'flag',
      flags: '--referrers',
      describes: 'Copy what refers to the image too: signatures, attestations, SBOMs.',
    },
    ...accessOptions,
    fromPlainHttp: { kind: 'flag', flags: '--from-plain-http', describes: 'As --plain-http, for the source only.' },
    fromInsecure: { kind: 'flag', flags: '--from-insecure', describes: 'As --insecure, for the source only.' },
    toPlainHttp: { kind: 'flag', flags: '--to-plain-http', describes: 'As --plain-http, for the target only.' },
    toInsecure: { kind: 'flag', flags: '--to-insecure', describes: 'As --insecure, for the target only.' },
    ...outputOptions,
  },
  examples: [
    {
      does: 'Copy an image from one registry to another',
      command: 'entrepot copy docker.io/library/alpine:3 hub.example.com/library/alpine:3',
    },
    {
      does: 'Copy it with its signatures, eight transfers at a time',
      command: 'entrepot copy --referrers --jobs 8 ghcr.io/acme/app:1.2 hub.example.com/acme/app:1.2',
    },
    {
      does: 'Copy only the images for two platforms',
      command: 'entrepot copy --platform linux/amd64 --platform linux/arm64 docker.io/library/alpine:3 oci:./alpine:3',
    },
    {
      does: 'Turn an OCI layout into an archive for docker load',
      command: 'entrepot copy oci:./alpine:3 docker-archive:alpine.tar:alpine:3',
    },
  ],
  run: async ({ arguments: { SRC: from, DST: to }, options }, context) => {
    const ends = { from: parseLocation(from), to: parseLocation(to) };
    const access = await readAccessOfEnds(ends, options, context);
    const report = await copyBetween({ ...ends, ...options, access }, context);
    await writeResult(context, options.output, report, () => formatCopy(report));
  },
});
