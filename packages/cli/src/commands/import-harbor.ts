import { defineVerb } from '#src/command-line/verb';
import { importFiles } from '#src/imports/import-files';
import { localImportOptions } from '#src/imports/import-options';

export const importHarborVerb = defineVerb({
  name: 'import harbor',
  description:
    "Take over the images of a Harbor from its registry's files, as import docker-registry does; projects come from the " +
    "names of repositories, and are made private. What Harbor's own database has does not come: members, robots, quotas, " +
    'labels, policies, and which projects are public.',
  arguments: { PATH: { kind: 'one', describes: "The folder registry of Harbor's data volume." } },
  options: localImportOptions,
  examples: [
    { does: 'Take over everything', command: 'entrepot import harbor /data/registry --data /var/lib/entrepot' },
    { does: 'Take one project', command: "entrepot import harbor /data/registry --include 'team/**'" },
  ],
  run: async ({ arguments: { PATH: path }, options }, context) => {
    const { importImages } = await import('@entrepot/server/import');
    await importFiles({ kind: 'harbor', path }, options, importImages, context);
  },
});
