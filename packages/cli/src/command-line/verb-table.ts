import { imageVerbs } from './image-verbs.ts';
import { localVerbs } from './local-verbs.ts';
import { peopleVerbs } from './people-verbs.ts';
import { upkeepVerbs } from './upkeep-verbs.ts';
import type { VerbEntry } from './verb-entry.ts';

/** The nouns that have verbs of their own, with their line in the list of verbs. */
export const nouns: Readonly<Record<string, string>> = {
  project: 'Make, show, change and remove projects',
  member: 'Say who has which role in a project',
  repo: 'Show, describe, pin and remove repositories',
  robot: 'Make accounts for machines, and rotate their secrets',
  user: 'Make, change and remove accounts of people',
  group: 'Make groups of users, and say who is in them',
  role: 'Make roles of permissions',
  permission: 'See who may what, and why',
  session: 'See and end sessions in browsers',
  token: 'Fetch tokens and see what they permit',
  quota: 'See and limit how much projects hold',
  label: 'Make and remove labels',
  undo: 'Have back what was deleted',
  immutable: 'Tags that neither move nor go',
  retention: 'What projects keep by rules',
  job: 'See what the registry works on, and stop it',
  schedule: 'See what is done by itself, and in which time zone',
  gc: 'Collect what nobody needs any more',
  webhook: 'Have others told of what happens in a project',
  registry: 'Make other registries known to this one',
  audit: 'Read, export and verify the audit of a registry',
  import: 'Take over what another registry holds',
  storage: 'See that what is stored is right, and where it lies',
  admin: 'Help the registry on this machine when nobody can sign in',
};

/** The name of the verb that words begin with: two of them after a noun. Undefined when they begin with none. */
export function findVerbName([first, second]: readonly string[]): string | undefined {
  const both = `${first} ${second}`;
  if (verbTable.some(({ name }) => name === both)) return both;
  const isNoun = first !== undefined && Object.hasOwn(nouns, first);
  return isNoun && second !== undefined ? `${first} ${second}` : first;
}

/** Every verb, in the order in which help and reference show them. Loading one loads no other. */
export const verbTable: readonly VerbEntry[] = [...localVerbs, ...imageVerbs, ...peopleVerbs, ...upkeepVerbs];
