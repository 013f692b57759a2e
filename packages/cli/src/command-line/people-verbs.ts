import type { VerbEntry } from './verb-entry.ts';

/** Projects, those who work in them, and what was deleted. In the order in which help shows them. */
export const peopleVerbs: readonly VerbEntry[] = [
  {
    name: 'project ls',
    summary: 'List the projects you may see',
    load: async () => (await import('#src/commands/project-ls')).projectLsVerb,
  },
  {
    name: 'project get',
    summary: 'Show a project, its quota and how many members it has',
    load: async () => (await import('#src/commands/project-get')).projectGetVerb,
  },
  {
    name: 'project create',
    summary: 'Create a project',
    load: async () => (await import('#src/commands/project-create')).projectCreateVerb,
  },
  {
    name: 'project update',
    summary: 'Make a project public or private',
    load: async () => (await import('#src/commands/project-update')).projectUpdateVerb,
  },
  {
    name: 'project rm',
    summary: 'Remove an empty project',
    load: async () => (await import('#src/commands/project-rm')).projectRmVerb,
  },
  {
    name: 'member ls',
    summary: 'List the members of a project',
    load: async () => (await import('#src/commands/member-ls')).memberLsVerb,
  },
  {
    name: 'member add',
    summary: 'Give a user or a group a role in a project',
    load: async () => (await import('#src/commands/member-add')).memberAddVerb,
  },
  {
    name: 'member set',
    summary: 'Change the role of a member',
    load: async () => (await import('#src/commands/member-set')).memberSetVerb,
  },
  {
    name: 'member rm',
    summary: 'Take a member out of a project',
    load: async () => (await import('#src/commands/member-rm')).memberRmVerb,
  },
  {
    name: 'repo ls',
    summary: 'List repositories with what they hold',
    load: async () => (await import('#src/commands/repo-ls')).repoLsVerb,
  },
  {
    name: 'repo get',
    summary: 'Show a repository',
    load: async () => (await import('#src/commands/repo-get')).repoGetVerb,
  },
  {
    name: 'repo update',
    summary: 'Describe a repository',
    load: async () => (await import('#src/commands/repo-update')).repoUpdateVerb,
  },
  {
    name: 'repo rm',
    summary: 'Remove a repository with all it holds',
    load: async () => (await import('#src/commands/repo-rm')).repoRmVerb,
  },
  {
    name: 'repo pin',
    summary: 'Keep a repository as it is',
    load: async () => (await import('#src/commands/repo-pin')).repoPinVerb,
  },
  {
    name: 'repo unpin',
    summary: 'Let rules delete in a repository again',
    load: async () => (await import('#src/commands/repo-unpin')).repoUnpinVerb,
  },
  {
    name: 'undo ls',
    summary: 'List what was deleted and can be had back',
    load: async () => (await import('#src/commands/undo-ls')).undoLsVerb,
  },
  {
    name: 'undo show',
    summary: 'Show what a deletion took',
    load: async () => (await import('#src/commands/undo-show')).undoShowVerb,
  },
  {
    name: 'undo restore',
    summary: 'Undo a deletion',
    load: async () => (await import('#src/commands/undo-restore')).undoRestoreVerb,
  },
  {
    name: 'undo last',
    summary: 'Undo the last deletion in a project',
    load: async () => (await import('#src/commands/undo-last')).undoLastVerb,
  },
  {
    name: 'undo project',
    summary: 'Have a deleted project back',
    load: async () => (await import('#src/commands/undo-project')).undoProjectVerb,
  },
  {
    name: 'undo purge',
    summary: 'Remove what was deleted for good',
    load: async () => (await import('#src/commands/undo-purge')).undoPurgeVerb,
  },
  {
    name: 'robot ls',
    summary: 'List robots of the registry or of a project',
    load: async () => (await import('#src/commands/robot-ls')).robotLsVerb,
  },
  {
    name: 'robot get',
    summary: 'Show what a robot may',
    load: async () => (await import('#src/commands/robot-get')).robotGetVerb,
  },
  {
    name: 'robot create',
    summary: 'Create a robot and show its secret once',
    load: async () => (await import('#src/commands/robot-create')).robotCreateVerb,
  },
  {
    name: 'robot rotate',
    summary: 'Give a robot a new secret',
    load: async () => (await import('#src/commands/robot-rotate')).robotRotateVerb,
  },
  {
    name: 'robot rm',
    summary: 'Remove a robot',
    load: async () => (await import('#src/commands/robot-rm')).robotRmVerb,
  },
  {
    name: 'user ls',
    summary: 'List users',
    load: async () => (await import('#src/commands/user-ls')).userLsVerb,
  },
  {
    name: 'user create',
    summary: 'Create a user',
    load: async () => (await import('#src/commands/user-create')).userCreateVerb,
  },
  {
    name: 'user passwd',
    summary: 'Set the password of a user',
    load: async () => (await import('#src/commands/user-passwd')).userPasswdVerb,
  },
  {
    name: 'user admin',
    summary: 'Make a user an administrator of the registry, or not',
    load: async () => (await import('#src/commands/user-admin')).userAdminVerb,
  },
  {
    name: 'user rm',
    summary: 'Remove a user',
    load: async () => (await import('#src/commands/user-rm')).userRmVerb,
  },
  {
    name: 'group ls',
    summary: 'List groups',
    load: async () => (await import('#src/commands/group-ls')).groupLsVerb,
  },
  {
    name: 'group create',
    summary: 'Create a group',
    load: async () => (await import('#src/commands/group-create')).groupCreateVerb,
  },
  {
    name: 'group add-member',
    summary: 'Put a user into a group',
    load: async () => (await import('#src/commands/group-add-member')).groupAddMemberVerb,
  },
  {
    name: 'group remove-member',
    summary: 'Take a user out of a group',
    load: async () => (await import('#src/commands/group-remove-member')).groupRemoveMemberVerb,
  },
  {
    name: 'group rm',
    summary: 'Remove a group',
    load: async () => (await import('#src/commands/group-rm')).groupRmVerb,
  },
  {
    name: 'role ls',
    summary: 'List the roles that were made here',
    load: async () => (await import('#src/commands/role-ls')).roleLsVerb,
  },
  {
    name: 'role create',
    summary: 'Make a role of permissions',
    load: async () => (await import('#src/commands/role-create')).roleCreateVerb,
  },
  {
    name: 'role rm',
    summary: 'Remove a role',
    load: async () => (await import('#src/commands/role-rm')).roleRmVerb,
  },
  {
    name: 'permission explain',
    summary: 'Say who may what, and which rule decides',
    load: async () => (await import('#src/commands/permission-explain')).permissionExplainVerb,
  },
  {
    name: 'session ls',
    summary: 'List sessions in browsers',
    load: async () => (await import('#src/commands/session-ls')).sessionLsVerb,
  },
  {
    name: 'session rm',
    summary: 'End sessions in browsers',
    load: async () => (await import('#src/commands/session-rm')).sessionRmVerb,
  },
  {
    name: 'token get',
    summary: 'Fetch a token and show what it permits',
    load: async () => (await import('#src/commands/token-get')).tokenGetVerb,
  },
];
