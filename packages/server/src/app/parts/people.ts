import { roleIds } from '@entrepot/contract/permissions';
import { openLdap } from '#app/open-ldap';
import { openOidc } from '#app/open-oidc';
import { createKeyedHash, createPasswordHasher } from '#platform/crypto';
import { openNamedKey } from '#platform/db';
import { createGuardedRequest } from '#platform/outbound';
import { createAccess } from '#tenancy/access';
import { auditRoutes, createAuditReads, createFindAuditScope } from '#tenancy/audit';
import { assignmentRoutes, createAssignmentStore, createAssignments } from '#tenancy/assignments';
import { createCveAllowlistStore, createCveAllowlists, cveAllowlistRoutes } from '#tenancy/cve-allowlists';
import { createGroupStore, createGroups, localGroupRoutes, userGroupRoutes } from '#tenancy/groups';
import { createIdentity } from '#tenancy/identity';
import { createLoginFailureStore, createLogins, isPassword } from '#tenancy/logins';
import { createExplanations, explainRoutes } from '#tenancy/explain';
import { createMembers, createMemberStore, createSeek, memberRoutes, type MemberStore } from '#tenancy/members';
import { showOidcMeta } from '#tenancy/oidc/routes';
import { createProjectReadModel, createProjectStore, createProjects, type ProjectsDeps } from '#tenancy/projects';
import { metadataRoutes, projectRoutes } from '#tenancy/projects/routes';
import { createRobots, createRobotSignIn, createRobotStore, robotRoutes } from '#tenancy/robots';
import { createGiving, createRoles, createRoleStore, roleRoutes } from '#tenancy/roles';
import { settingRoutes } from '#tenancy/settings';
import { createKeyRing, createPasswordDoor, createSigningKeyStore, createTokens } from '#tenancy/tokens';
import { createAccounts, createUserReadModel, createUserStore, createUsers, openFreshness } from '#tenancy/users';
import { userRoutes } from '#tenancy/users/routes';
import type { ManagedRoute } from '#platform/http/management';
import type { Basis } from './basis.ts';
import type { Quota } from './quota.ts';
import { composeSignIn } from './sign-in.ts';

export interface PeopleOptions {
  /** Called after a project went whose uploads were under way. */
  readonly onUploadsAbandoned: () => void;
  readonly onProjectDeleting: ProjectsDeps['onDeleting'];
  readonly quota: Pick<Quota, 'limits' | 'storageOf'>;
}

/** Who there is, where, and what they may. */
export type People = Awaited<ReturnType<typeof composePeople>>;

/** Builds the rooms of people; what has to be closed is put on the stack. */
export async function composePeople(
  basis: Basis,
  { onUploadsAbandoned, onProjectDeleting, quota }: PeopleOptions,
  stack: AsyncDisposableStack,
) {
  const { config, log, clock, newId, db, transact, box, audit, auditChain, settings } = basis;
  const userStore = createUserStore(db);
  const hasher = createPasswordHasher(config.auth.passwordConcurrency);
  const users = createUsers({ store: userStore, transact, hasher, clock });
  const throttle = {
    failures: createLoginFailureStore(db),
    attempts: config.auth.loginAttempts,
    windowMs: config.auth.loginWindowMs,
  };
  const ldap = stack.use(
    await openLdap({
      config,
      db,
      audit,
      log,
      clock,
      configurations: settings.current,
      onRolesChange: () => access.forgetRoles(),
    }),
  );
  const opened = stack.use(
    openOidc({
      config,
      db,
      box,
      audit,
      log,
      clock,
      configurations: settings.current,
      onRolesChange: () => access.forgetRoles(),
    }),
  );
  const elsewhere = [ldap.authenticator, opened.authenticator];
  const logins = createLogins({ ...throttle, users: userStore, elsewhere, transact, hasher, audit, clock });
  const projectStore = createProjectStore(db);
  const members = createMemberStore(db);
  const access = createAccess({
    projects: projectStore,
    roles: members,
    clock,
    anonymousPull: config.auth.anonymousPull,
  });
  const allowlistStore = createCveAllowlistStore(db);
  const allowlists = createCveAllowlists({ store: allowlistStore, transact, audit, clock });
  const projects = createProjects({
    store: projectStore,
    readModel: createProjectReadModel(db),
    members,
    allowlists: allowlistStore,
    transact,
    audit,
    clock,
    onChange: access.forgetProject,
    onUploadsAbandoned,
    onDeleting: onProjectDeleting,
    storageLimits: quota.limits,
    onRolesChange: access.forgetRoles,
  });
  const groupStore = createGroupStore(db);
  const roleStore = createRoleStore(db);
  const giving = createGiving({ access, roles: roleStore });
  const onRolesChange = access.forgetRoles;
  const roles = createRoles({ store: roleStore, giving, transact, audit, clock, onRolesChange });
  const assignments = createAssignments({
    store: createAssignmentStore(db),
    roles: roleStore,
    giving,
    seek: createSeek({ users: userStore, groups: groupStore, clock }),
    transact,
    audit,
    clock,
    onRolesChange,
  });
  const membersOfProjects = createMembers({
    store: members,
    users: userStore,
    groups: groupStore,
    giving,
    transact,
    audit,
    clock,
    onRolesChange: access.forgetRoles,
  });
  const groups = createGroups({
    store: groupStore,
    findUser: async ({ id, name }) => (id === undefined ? userStore.find(name ?? '') : userStore.findById(id)),
    transact,
    audit,
    clock,
    hasRoles: (tx, id) => members.holdsRoles(tx, { type: 'g', id }),
    takeRoles: (tx, id) => members.forget(tx, { type: 'g', id }),
    onRolesChange: access.forgetRoles,
  });
  const { assertFresh, rememberOld } = await openFreshness({
    ...config.auth,
    history: config.auth.passwordHistory,
    store: userStore,
    hasher,
    request: createGuardedRequest({ config: config.outbound }),
    onUnknown: (error) =>
      log.forPlace('tenancy:users').warn({ error }, 'The list of broken passwords could not be asked.'),
  });
  const accounts = createAccounts({
    store: userStore,
    readModel: createUserReadModel(db),
    transact,
    hasher,
    audit,
    clock,
    isPassword: (name, password, asker) => isPassword(logins, name, password, asker),
    assertFresh,
    rememberOld,
    takeRoles: (tx, id) => members.forget(tx, { type: 'u', id }),
    onChange() {
      logins.forget();
      access.forgetRoles();
    },
  });
  const { pullTokenTtlMs: pullTtlMs, pushTokenTtlMs: pushTtlMs, keyRotationMs: rotationMs } = config.auth;
  const keys = createKeyRing({
    store: createSigningKeyStore(db),
    box,
    transact,
    clock,
    newId,
    rotationMs,
    overlapMs: Math.max(pullTtlMs, pushTtlMs),
  });
  // With a key in the database from the start, a server that has another secret key is found out when it starts.
  await keys.current();
  const serviceName = config.auth.tokenService;
  const robotSettings = () => {
    const { robot_name_prefix: prefix, robot_token_duration: durationDays } = settings.current();
    return { prefix, durationDays };
  };
  const robotStore = createRobotStore(db);
  const robotDeps = {
    store: robotStore,
    hash: createKeyedHash(await openNamedKey(db, box, 'robot-secrets')),
    transact,
    audit,
    clock,
    settings: robotSettings,
  };
  const robotSignIn = stack.use(createRobotSignIn({ ...robotDeps, ...throttle }));
  const robots = createRobots({ ...robotDeps, access, findProject: projectStore.findById });
  const tokens = createTokens({
    keys,
    access,
    users: userStore,
    robots: robotSignIn,
    clock,
    newId,
    serviceName,
    pullTtlMs,
    pushTtlMs,
  });
  const signIn = composeSignIn(basis, {
    opened,
    logins,
    robots: robotSignIn,
    tokens,
    access,
    findProject: projectStore.findById,
    async findCertified({ kind, name }) {
      if (kind === 'user') {
        const user = await userStore.find(name);
        return user && !user.disabled ? { kind, userId: user.id, name: user.name, admin: user.admin } : undefined;
      }
      const { prefix } = robotSettings();
      const stored = name.startsWith(prefix) ? await robotStore.findByFullName(name.slice(prefix.length)) : undefined;
      return stored && (await robotSignIn.findActor(stored.robot.id))?.actor;
    },
    async userExists(by, value) {
      const list = { conditions: [], sort: [], page: 1, pageSize: 1 };
      return (await accounts.list(list, [{ kind: 'is', field: by, value }])).total > 0;
    },
  });
  const doors = createPasswordDoor([signIn.robotDoor], logins);
  const identity = signIn.withCertificates(createIdentity({ doors, tokens, clock }));

  const explanations = createExplanations({
    access,
    users: userStore,
    groups: groupStore,
    members,
    async findRobot(name) {
      const { prefix } = robotSettings();
      const stored = name.startsWith(prefix)
        ? await robotDeps.store.findByFullName(name.slice(prefix.length))
        : undefined;
      return stored && (await robotSignIn.findActor(stored.robot.id))?.actor;
    },
  });

  const routes: ManagedRoute[] = [
    ...ldap.routes,
    ...settingRoutes({ settings }),
    ...projectRoutes({
      projects,
      access,
      members,
      allowlists,
      onlyAdminsCreate: () => settings.current().project_creation_restriction === 'adminonly',
      storageOf: quota.storageOf,
    }),
    ...robotRoutes({ robots, access, findProject: projectStore.findById, settings: robotSettings }),
    ...metadataRoutes({ projects }),
    ...memberRoutes({ members: membersOfProjects }),
    ...roleRoutes({ roles, administersAny: (userId) => administersAny(members, userId) }),
    ...assignmentRoutes({ assignments }),
    ...explainRoutes({ explanations, findProject: (nameOrId) => projects.find(nameOrId, false) }),
    ...userGroupRoutes({ groups }),
    ...localGroupRoutes({ groups }),
    ...userRoutes({
      accounts,
      access,
      clock,
      selfRegistration: () => settings.current().self_registration && settings.current().auth_mode === 'db_auth',
      passwordMaxAgeDays: () => config.auth.passwordMaxAgeDays,
      findProject: (nameOrId) => projects.find(nameOrId, false),
      oidcMetaOf: (userId, isOwner) => showOidcMeta(opened.oidc.cliSecrets, userId, isOwner),
    }),
    ...signIn.routes,
    ...cveAllowlistRoutes({ allowlists }),
    ...auditRoutes({
      reads: createAuditReads(db),
      chain: auditChain,
      findScope: createFindAuditScope({ access, roles: members }),
      clock,
    }),
  ];
  return { users, projects, projectStore, access, tokens, doors, identity, signIn, serviceName, routes };
}

async function administersAny(members: Pick<MemberStore, 'projectsOf' | 'rolesIn'>, userId: number): Promise<boolean> {
  const roles = await members.rolesIn(userId, await members.projectsOf(userId));
  return [...roles.values()].some((ids) => ids.includes(roleIds.projectAdmin));
}
