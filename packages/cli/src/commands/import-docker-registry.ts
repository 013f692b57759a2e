import { defineVerb } from '#src/command-line/verb';
import { importFiles } from '#src/imports/import-files';
import { localImportOptions } from '#src/imports/import-options';

export const importDockerRegistryVerb = defineVerb({
  name: 'import docker-registry',
  description:
    'Take over the store of a docker-registry (CNCF Distribution) from its files, by hard links where they can be made, ' +
    'and every digest checked. A name of one part goes to the project library. Works on database and blob store ' +
    'themselves, so it must be called where the registry is configured and as its user; on SQLite the registry must be ' +
    'stopped. Interrupted, the same command goes on where it was.',
  arguments: {
    PATH: { kind: 'one', describes: "The other registry's rootdirectory, with docker/registry/v2 in it." },
  },
  options: localImportOptions,
  examples: [
    {
      does: 'See what would be taken',
      command: 'entrepot import docker-registry /var/lib/registry --dry-run',
    },
    {
      does: 'Take everything into one project',
      command: 'entrepot import docker-registry /var/lib/registry --project legacy --data /var/lib/entrepot',
    },
    {
      does: 'Take some repositories, as copies',
      command: "entrepot import docker-registry /mnt/registry --include 'team/**' --copy",
    },
  ],
  run: async ({ arguments: { PATH: path }, options }, context) => {
    const { importImages } = await import('@entrepot/server/import');
    await importFiles({ kind: 'docker-registry', path }, options, importImages, context);
  },
});
