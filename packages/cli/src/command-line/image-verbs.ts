import type { VerbEntry } from './verb-entry.ts';

/** What works with images in any registry. In the order in which help shows them. */
export const imageVerbs: readonly VerbEntry[] = [
  {
    name: 'login',
    summary: 'Log in to a registry and keep the credentials',
    load: async () => (await import('#src/commands/login')).loginVerb,
  },
  {
    name: 'logout',
    summary: 'Forget the credentials for a registry',
    load: async () => (await import('#src/commands/logout')).logoutVerb,
  },
  {
    name: 'ls',
    summary: 'List the repositories of a registry or the tags of a repository',
    load: async () => (await import('#src/commands/ls')).lsVerb,
  },
  {
    name: 'inspect',
    summary: 'Show what an image is made of',
    load: async () => (await import('#src/commands/inspect')).inspectVerb,
  },
  {
    name: 'copy',
    summary: 'Copy an image between registries, OCI layouts and archives',
    load: async () => (await import('#src/commands/copy')).copyVerb,
  },
  {
    name: 'push',
    summary: 'Push an OCI layout or an archive to a registry',
    load: async () => (await import('#src/commands/push')).pushVerb,
  },
  {
    name: 'pull',
    summary: 'Pull an image into an OCI layout or an archive',
    load: async () => (await import('#src/commands/pull')).pullVerb,
  },
  {
    name: 'tag',
    summary: 'Give an image in a registry further tags',
    load: async () => (await import('#src/commands/tag')).tagVerb,
  },
  {
    name: 'history',
    summary: 'List what a tag pointed at',
    load: async () => (await import('#src/commands/history')).historyVerb,
  },
  {
    name: 'rollback',
    summary: 'Point a tag at what it pointed at before',
    load: async () => (await import('#src/commands/rollback')).rollbackVerb,
  },
  {
    name: 'rm',
    summary: 'Remove tags and images from a registry',
    load: async () => (await import('#src/commands/rm')).rmVerb,
  },
];
