import type { IncomingMessage } from 'node:http';
import type { OpenedOidc } from '#app/open-oidc';
import { type Account, type Actor, anonymous } from '#kernel/actor';
import type { Eventually } from '#kernel/eventually';
import type { Exchange, Origin, Reply } from '#platform/http';
import { assertSameOrigin, readSessionCookie } from '#platform/http/browser';
import type { ManagedRoute, ManagementDeps } from '#platform/http/management';
import { createReadCertificate } from '#platform/http/server';
import { createTargetCheck } from '#platform/outbound';
import type { Access, Project } from '#tenancy/access';
import { type CertificateTarget, createCertificates, readCertificateRules } from '#tenancy/certificates';
import type { Identity } from '#tenancy/identity';
import type { Logins } from '#tenancy/logins';
import { oidcManagedRoutes, oidcRoutes } from '#tenancy/oidc/routes';
import type { RobotSignIn } from '#tenancy/robots';
import { createSessions, createSessionStore } from '#tenancy/sessions';
import { formSignInRoutes, sessionRoutes } from '#tenancy/sessions/routes';
import type { Tokens } from '#tenancy/tokens';
import {
  createWorkloadDoor,
  createWorkloadExchange,
  createWorkloadIdentities,
  createWorkloadIdentityStore,
} from '#tenancy/workload-identity';
import { createExchangeRoute, tokenExchangeGrant, workloadIdentityRoutes } from '#tenancy/workload-identity/routes';
import type { Basis } from './basis.ts';

export interface SignInDeps {
  readonly opened: OpenedOidc;
  readonly logins: Logins;
  readonly robots: RobotSignIn;
  readonly tokens: Tokens;
  readonly access: Access;
  readonly findProject: (id: number) => Promise<Project | undefined>;
  readonly findCertified: (target: CertificateTarget) => Promise<Account | undefined>;
  readonly userExists: (by: 'username' | 'email', value: string) => Eventually<boolean>;
}

/** Builds the ways in beside a name and a password: sessions, a provider, workloads, certificates. */
export function composeSignIn(basis: Basis, deps: SignInDeps) {
  const { config, clock, newId, db, transact, box, audit, settings } = basis;
  const { logins, robots, tokens, access } = deps;
  const { oidc, issuers } = deps.opened;
  const onFault = (error: Error, exchange: Exchange) => basis.onFault(error, exchange.requestId);
  const idleMs = () => settings.current().session_timeout * 60_000;
  const sessions = createSessions({ store: createSessionStore(db), transact, audit, clock, newId, box, idleMs });

  const workloadStore = createWorkloadIdentityStore(db);
  const findRobotActor = robots.findActor;
  const identities = createWorkloadIdentities({
    store: workloadStore,
    transact,
    findRobotActor,
    findProject: deps.findProject,
    access,
    assertTarget: createTargetCheck(config.outbound),
    audit,
    clock,
  });
  const exchange = createWorkloadExchange({ store: workloadStore, issuers, findRobotActor, transact, audit, clock });

  const { clientCertificates: rules, clientCertificateHeader: header } = config.auth;
  const certificates =
    rules === undefined
      ? undefined
      : createCertificates({ rules: readCertificateRules(rules), findAccount: deps.findCertified, clock });
  const readCertificate = createReadCertificate({ trustedProxies: config.trustedProxies, header, clock });

  /** Whom the client's certificate stands for; nobody without one, or without rules. */
  function certified(request: IncomingMessage): Eventually<Actor> {
    const names = certificates && readCertificate(request);
    const found = names && certificates?.find(names);
    return found instanceof Promise ? found.then((account) => account ?? anonymous) : (found ?? anonymous);
  }

  /** Requests of the management API: a header counts most, then the session, then the certificate. */
  function createIdentify(identity: Identity): ManagementDeps['identify'] {
    return async (request: IncomingMessage, origin: Origin & { readonly requestId: string }) => {
      // Browsers add passwords that they were once told, and certificates, to requests of any page.
      if (request.method !== 'GET' && request.method !== 'HEAD') assertSameOrigin(request, origin);
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
        const holder = token === undefined ? undefined : await oidc.cliSecrets.findByIdToken(token);
        return { actor: holder ?? (await identity.identify(authorization, origin)) };
      }
      const session = await sessions.find(readSessionCookie(request.headers, origin.secure));
      if (session === undefined) return { actor: await certified(request) };
      return { actor: session.actor, session: { id: session.sessionId, csrfKey: session.csrfKey } };
    };
  }

  /** The same for `/v2`, which knows no sessions. */
  function withCertificates(identity: Identity): Identity {
    if (certificates === undefined) return identity;
    return {
      identify: identity.identify,
      identifyOn(connection, authorization, origin) {
        const { request } = origin as Partial<Exchange>;
        if (authorization === undefined && request !== undefined) return certified(request);
        return identity.identifyOn(connection, authorization, origin);
      },
    };
  }

  function createRaw(
    identify: ManagementDeps['identify'],
  ): Readonly<Record<string, (exchange: Exchange) => Promise<Reply>>> {
    return {
      ...formSignInRoutes({
        sessions,
        logins,
        identify: (request, origin) => identify(request, origin as Origin & { readonly requestId: string }),
        userExists: deps.userExists,
        mayAskForUsers: (actor) => settings.current().self_registration || access.mayInSystem(actor, 'user:list'),
        endElsewhere: (source) => (source === 'oidc' && settings.current().oidc_logout ? '/c/oidc/logout' : undefined),
        onFault,
      }),
      ...oidcRoutes({ signIns: oidc.signIns, sessions, onFault }),
    };
  }

  const routes: readonly ManagedRoute[] = [
    ...sessionRoutes({ sessions, access }),
    ...oidcManagedRoutes({ ...oidc, access }),
    ...workloadIdentityRoutes({ identities }),
  ];

  return {
    routes,
    createIdentify,
    createRaw,
    withCertificates,
    /** For names of robots, and those under which a workload shows its token. */
    robotDoor: createWorkloadDoor({ exchange, robots, others: logins }),
    /** What the token service takes beside names and passwords. */
    tokenService: {
      withoutCredentials: certificates && (({ request }: Exchange) => certified(request)),
      grants: { [tokenExchangeGrant]: createExchangeRoute({ exchange, tokens, onFault }) },
    },
  };
}
