import type { Verb } from './verb.ts';

/** A verb before it is loaded. */
export interface VerbEntry {
  /** `ls`, or with the noun it belongs to: `audit ls`. */
  readonly name: string;
  /** Its line in the list of verbs. */
  readonly summary: string;
  load(): Promise<Verb>;
}

/** The nouns that have verbs of their own, with their line in the list of verbs. */
export const nouns: Readonly<Record<string, string>> = {
  audit: 'Read, export and verify the audit of a registry',
};

/** The name of the verb that words begin with: two of them after a noun. Undefined when they begin with none. */
export function findVerbName([first, second]: readonly string[]): string | undefined {
  const isNoun = first !== undefined && Object.hasOwn(nouns, first);
  return isNoun && second !== undefined ? `${first} ${second}` : first;
}

/** Every verb, in the order in which help and reference show them. Loading one loads no other. */
export const verbTable: readonly VerbEntry[] = [
  {
    name: 'serve',
    summary: 'Run the registry',
    load: async () => (await import('#src/commands/serve')).serveVerb,
  },
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
    name: 'rm',
    summary: 'Remove tags and images from a registry',
    load: async () => (await import('#src/commands/rm')).rmVerb,
  },
  {
    name: 'audit ls',
    summary: 'List rows of the audit, the newest first',
    load: async () => (await import('#src/commands/audit-ls')).auditLsVerb,
  },
  {
    name: 'audit export',
    summary: 'Export the audit as ECS or CSV',
    load: async () => (await import('#src/commands/audit-export')).auditExportVerb,
  },
  {
    name: 'audit verify',
    summary: 'Prove that no row of the audit was changed or removed',
    load: async () => (await import('#src/commands/audit-verify')).auditVerifyVerb,
  },
  {
    name: 'version',
    summary: 'Show the version',
    load: async () => (await import('#src/commands/version')).versionVerb,
  },
  {
    name: 'completion',
    summary: 'Write a completion script for a shell',
    load: async () => (await import('#src/commands/completion')).completionVerb,
  },
];
