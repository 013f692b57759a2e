import { defineVerb } from '#src/command-line/verb';
import { importFiles } from '#src/imports/import-files';
import { localImportOptions } from '#src/imports/import-options';

export const importOciLayoutVerb = defineVerb({
  name: 'import oci-layout',
  description:
    'Take over an OCI layout, or each layout in a folder, as import docker-registry does. Tags come from the annotation ' +
    'org.opencontainers.image.ref.name; what has none is taken by its digest.',
  arguments: {
    DIR: { kind: 'one', describes: 'A layout, or a folder with layouts in it, which are named by their folders.' },
    NAME: { kind: 'optional', describes: "The repository, or what goes before the folders' names." },
  },
  options: localImportOptions,
  examples: [
    { does: 'Take one layout', command: 'entrepot import oci-layout ./alpine library/alpine' },
    { does: 'Take a folder of them into a project', command: 'entrepot import oci-layout ./mirror --project mirror' },
  ],
  run: async ({ arguments: { DIR: path, NAME: name }, options }, context) => {
    const { importImages } = await import('@entrepot/server/import');
    await importFiles({ kind: 'oci-layout', path, name }, options, importImages, context);
  },
});
