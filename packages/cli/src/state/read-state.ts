import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { type DocumentState, type ProjectState, readDocument } from './documents.ts';
import type { Kind } from './kind.ts';
import { groups } from './kinds/groups.ts';
import { labels } from './kinds/labels.ts';
import { members } from './kinds/members.ts';
import { registries } from './kinds/registries.ts';
import { repositoryMembers } from './kinds/repository-members.ts';
import { robots } from './kinds/robots.ts';
import { roles } from './kinds/roles.ts';
import { systemMembers } from './kinds/system-members.ts';
import { webhooks } from './kinds/webhooks.ts';
import { immutableTags } from './kinds/immutable-tags.ts';
import { workloadIdentities } from './kinds/workload-identities.ts';
import { type Fault, loadFiles } from './load-files.ts';
import { noteOrigin, originOf } from './origins.ts';
import { builtInRoles, nameOfProjectRole } from './role-names.ts';

/** What files say a registry should be; what they do not say is undefined, and left alone. */
export type State = DocumentState;

/** The registry keeps the roles of projects with the name of the project before theirs. */
const longestRole = 64;

type Listed = Exclude<keyof DocumentState, 'settings'>;

function addFault(faults: Fault[], entry: object, message: string): void {
  const [, file = '', line = '1'] = /^(.*):(\d+)$/s.exec(originOf(entry) ?? '') ?? [];
  faults.push({ file, line: Number(line), message });
}

/** A name twice in one list is a fault that names both places. */
function checkNames<E extends object>(
  noun: string,
  keyOf: (entry: E) => string,
  entries: readonly E[] | undefined,
  faults: Fault[],
): void {
  const seen = new Map<string, E>();
  for (const entry of entries ?? []) {
    const key = keyOf(entry);
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, entry);
    } else {
      addFault(faults, entry, `the ${noun} ${key} is here and in ${originOf(before)}`);
    }
  }
}

const check = <E extends object>(kind: Kind<E>, entries: readonly E[] | undefined, faults: Fault[]) =>
  checkNames(kind.noun, kind.keyOf, entries, faults);

function copyOrigin<T extends object>(to: T, from: object): T {
  const [, file = '', line = '1'] = /^(.*):(\d+)$/s.exec(originOf(from) ?? '') ?? [];
  return noteOrigin(to, { file, line: Number(line) });
}

/** Roles of a project get their names in the registry, and whoever has a role gets that of the project before others. */
function nameRoles(project: ProjectState, faults: Fault[]): ProjectState {
  const own = new Set((project.roles ?? []).map((role) => role.name));
  const resolve = <M extends { readonly role: string }>(member: M): M =>
    own.has(member.role)
      ? copyOrigin({ ...member, role: nameOfProjectRole(project.name, member.role) }, member)
      : member;
  for (const role of project.roles ?? []) {
    if (nameOfProjectRole(project.name, role.name).length > longestRole) {
      addFault(
        faults,
        role,
        `the role ${role.name} and the name of its project are longer than ${longestRole} letters`,
      );
    }
    if (role.level === 'system') {
      addFault(faults, role, `the role ${role.name} of a project cannot be one of the registry`);
    }
  }
  return copyOrigin(
    {
      ...project,
      roles: project.roles?.map((role) =>
        copyOrigin({ ...role, name: nameOfProjectRole(project.name, role.name), level: undefined }, role),
      ),
      members: project.members?.map(resolve),
      repository_members: project.repository_members?.map(resolve),
    },
    project,
  );
}

function checkProject(project: ProjectState, faults: Fault[]): void {
  check(labels, project.labels, faults);
  check(roles, project.roles, faults);
  check(members, project.members, faults);
  check(repositoryMembers, project.repository_members, faults);
  check(robots, project.robots, faults);
  check(workloadIdentities, project.workload_identities, faults);
  check(webhooks, project.webhooks, faults);
  check(immutableTags, project.immutable_tags, faults);
  const says = Object.entries(project).filter(
    ([key, value]) => key !== 'name' && key !== 'absent' && value !== undefined,
  );
  if (project.absent === true && says.length > 0) {
    addFault(faults, project, `the project ${project.name} is absent, so nothing else can be said of it`);
  }
}

function merge(documents: readonly DocumentState[], faults: Fault[]): State {
  const listOf = <K extends Listed>(key: K) => {
    const said = documents.filter((document) => document[key] !== undefined);
    return said.length === 0 ? undefined : said.flatMap((document) => document[key] ?? []);
  };
  const settings: Record<string, unknown> = {};
  const saidBy = new Map<string, DocumentState>();
  for (const document of documents) {
    for (const [key, value] of Object.entries(document.settings ?? {})) {
      const before = saidBy.get(key);
      if (before !== undefined) {
        addFault(faults, document, `the setting ${key} is here and in ${originOf(before)}`);
      }
      saidBy.set(key, document);
      settings[key] = value;
    }
  }
  return {
    settings: saidBy.size === 0 ? undefined : settings,
    labels: listOf('labels') as State['labels'],
    groups: listOf('groups') as State['groups'],
    registries: listOf('registries') as State['registries'],
    roles: listOf('roles') as State['roles'],
    members: listOf('members') as State['members'],
    projects: listOf('projects') as State['projects'],
  };
}

function refuse(faults: readonly Fault[]): never {
  const inOrder = faults.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
  const lines = inOrder.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  const [only = ''] = lines;
  throw new UsageError(
    lines.length === 1 ? only : `the files cannot be meant:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    'nothing was changed; what files may say: docs/guides/configuration-as-code.md',
  );
}

/**
 * Reads what files say a registry should be. Rejects with UsageError that tells everything wrong in them, by file and
 * line, and as reading files does.
 */
export async function readState(paths: readonly string[], context: CliContext): Promise<State> {
  const faults: Fault[] = [];
  const loaded = await loadFiles(paths, faults, context);
  const documents = loaded.flatMap(({ value, place }) => readDocument(value, place) ?? []);
  if (faults.length > 0) {
    refuse(faults);
  }
  const state = merge(documents, faults);
  check(labels, state.labels, faults);
  check(groups, state.groups, faults);
  check(registries, state.registries, faults);
  check(roles, state.roles, faults);
  check(systemMembers, state.members, faults);
  checkNames('project', (project) => project.name, state.projects, faults);
  for (const role of state.roles ?? []) {
    if (Object.hasOwn(builtInRoles, role.name)) {
      addFault(faults, role, `the role ${role.name} is there already; in a project it may be called that`);
    }
  }
  for (const project of state.projects ?? []) {
    checkProject(project, faults);
  }
  const projects = state.projects?.map((project) => nameRoles(project, faults));
  if (faults.length > 0) {
    refuse(faults);
  }
  return { ...state, projects };
}
