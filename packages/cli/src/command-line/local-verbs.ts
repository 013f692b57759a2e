import type { VerbEntry } from './verb-entry.ts';

/** What works on the registry of this machine. In the order in which help shows them. */
export const localVerbs: readonly VerbEntry[] = [
  {
    name: 'serve',
    summary: 'Run the registry',
    load: async () => (await import('#src/commands/serve')).serveVerb,
  },
  {
    name: 'worker',
    summary: 'Work on the jobs of a registry',
    load: async () => (await import('#src/commands/worker')).workerVerb,
  },
  {
    name: 'backup',
    summary: 'Back up the registry on this machine',
    load: async () => (await import('#src/commands/backup')).backupVerb,
  },
  {
    name: 'backup ls',
    summary: 'List the backups in a place',
    load: async () => (await import('#src/commands/backup-ls')).backupLsVerb,
  },
  {
    name: 'backup verify',
    summary: 'Read backups and compare their hashes',
    load: async () => (await import('#src/commands/backup-verify')).backupVerifyVerb,
  },
  {
    name: 'backup prune',
    summary: 'Remove old backups',
    load: async () => (await import('#src/commands/backup-prune')).backupPruneVerb,
  },
  {
    name: 'restore',
    summary: 'Bring a registry back from its backup',
    load: async () => (await import('#src/commands/restore')).restoreVerb,
  },
  {
    name: 'drill',
    summary: 'Prove that a backup can be restored',
    load: async () => (await import('#src/commands/drill')).drillVerb,
  },
  {
    name: 'admin reset-password',
    summary: 'Give the account admin a new password',
    load: async () => (await import('#src/commands/admin-reset-password')).adminResetPasswordVerb,
  },
  {
    name: 'import docker-registry',
    summary: 'Take over the files of a docker-registry',
    load: async () => (await import('#src/commands/import-docker-registry')).importDockerRegistryVerb,
  },
  {
    name: 'import harbor',
    summary: 'Take over the images of a Harbor from its files',
    load: async () => (await import('#src/commands/import-harbor')).importHarborVerb,
  },
  {
    name: 'import oci-layout',
    summary: 'Take over OCI layouts',
    load: async () => (await import('#src/commands/import-oci-layout')).importOciLayoutVerb,
  },
  {
    name: 'import registry',
    summary: 'Copy everything that another registry lists',
    load: async () => (await import('#src/commands/import-registry')).importRegistryVerb,
  },
  {
    name: 'verify-storage',
    summary: 'Hold the store of the registry on this machine against its database',
    load: async () => (await import('#src/commands/verify-storage')).verifyStorageVerb,
  },
  {
    name: 'repair',
    summary: 'Mend what is damaged in the store of the registry on this machine',
    load: async () => (await import('#src/commands/repair')).repairVerb,
  },
];
