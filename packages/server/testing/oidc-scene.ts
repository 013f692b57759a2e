import assert from 'node:assert/strict';
import type { RegistryError } from '#kernel/errors';
import { randomId } from '#kernel/ids';
import { createSecretBox } from '#platform/crypto';
import type { Exchange, Reply } from '#platform/http';
import { createGuardedRequest, type GuardedRequest, type OutboundAnswer } from '#platform/outbound';
import { createIssuers } from '#tenancy/issuers';
import { createOidc, createOidcStore, type OidcSettings } from '#tenancy/oidc';
import { oidcRoutes } from '#tenancy/oidc/routes';
import { createSessions, createSessionStore } from '#tenancy/sessions';
import { createBrowser } from '#testing/browser';
import type { TestDatabase } from '#testing/databases';
import { clientId, clientSecret, startOpenIdProvider } from '#testing/openid-provider';
import { serveRaw } from '#testing/raw-server';
import { createTestClock } from '#testing/test-clock';

const minute = 60_000;

/** A provider, our side of the way there and back, and nothing else of the registry. */
export async function setUpOidc(stack: AsyncDisposableStack, place: TestDatabase) {
  // The provider lives by the real clock.
  const time = createTestClock(Date.now());
  const handlers: Record<string, (exchange: Exchange) => Promise<Reply>> = {};
  const { url } = stack.use(await serveRaw(handlers));
  const provider = stack.use(await startOpenIdProvider({ callback: `${url}/c/oidc/callback`, afterLogout: `${url}/` }));
  provider.people.set('anna', {
    preferred_username: 'anna',
    name: 'Anna B',
    email: 'anna@x.example',
    groups: ['hub-dev', 'x'],
  });
  provider.people.set('bert', { preferred_username: 'bert' });
  provider.signsIn = 'anna';
  let settings: OidcSettings | undefined = {
    name: 'Login',
    endpoint: provider.issuer,
    clientId,
    clientSecret,
    scope: 'openid,profile,email,offline_access',
    verifyCert: true,
    autoOnboard: true,
    userClaim: undefined,
    groupsClaim: 'groups',
    adminGroup: 'hub-admin',
    groupFilter: '^hub-',
    extraRedirectParams: { prompt: 'consent', client_id: 'evil' },
    logout: true,
  };
  const { port } = new URL(provider.issuer);
  const guarded = createGuardedRequest({
    config: { allow: [{ kind: 'host', host: '127.0.0.1', port: Number(port) }], ports: [] },
  });
  let tamper = async (_path: string, answer: OutboundAnswer): Promise<OutboundAnswer> => answer;
  const request: GuardedRequest = async (asked) => tamper(new URL(asked.url).pathname, await guarded(asked));
  const box = createSecretBox([new Uint8Array(32)]);
  const { transact } = place.db;
  const audit = { write: async () => undefined, note: () => undefined };
  const warned: string[] = [];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_: object, message: string) => void warned.push(message),
    error: (_: object, message: string) => assert.fail(message),
  };
  const build = () => {
    const issuers = createIssuers({ request, clock: time.clock });
    const store = createOidcStore(place.db);
    const onMembershipChanged = () => undefined;
    const deps = {
      store,
      issuers,
      request,
      transact,
      box,
      audit,
      clock: time.clock,
      logger,
      onMembershipChanged,
      pingMs: 20,
    };
    return createOidc({ ...deps, settings: () => settings });
  };
  const oidc = build();
  const store = createSessionStore(place.db);
  const idleMs = () => 60 * minute;
  const sessions = createSessions({ store, transact, audit, clock: time.clock, newId: randomId, box, idleMs });
  const onFault = (error: RegistryError) => assert.fail(error.cause as Error);
  Object.assign(handlers, oidcRoutes({ signIns: oidc.signIns, sessions, onFault }));

  const isHome = (address: string) => address.startsWith(`${url}/`) && !address.includes('/c/oidc/');
  const isCallback = (address: string) => address.startsWith(`${url}/c/oidc/callback`);
  /** To the provider and back, but not in. */
  const comeBack = async (browser = createBrowser()) => ({
    browser,
    callback: (await browser.follow(`${url}/c/oidc/login`, isCallback)).url,
  });
  const signIn = async (subject = 'anna', query = '', browser = createBrowser()) => {
    provider.signsIn = subject;
    const end = await browser.follow(`${url}/c/oidc/login${query}`, isHome);
    const actor = (await sessions.find(browser.cookies(url).get('sid')))?.actor;
    return { browser, actor, at: end.url.slice(url.length), response: end.response };
  };
  const groupsOf = async (name: string) =>
    (
      await place.query(
        `select g.name from user_group g join user_group_member m on m.group_id = g.id
          join user_account u on u.id = m.user_id where u.name = '${name}' and m.source = 'oidc' order by g.name`,
      )
    ).map((row) => row['name']);
  const secretOf = async (userId: number) => (await oidc.cliSecrets.reveal(userId)) ?? '';
  return {
    url,
    time,
    provider,
    oidc,
    build,
    sessions,
    comeBack,
    signIn,
    groupsOf,
    secretOf,
    warned,
    query: place.query,
    change: (change: Partial<OidcSettings> | undefined) => {
      settings = change === undefined || settings === undefined ? undefined : { ...settings, ...change };
    },
    setTamper: (by: typeof tamper) => {
      tamper = by;
    },
  };
}

export type OidcScene = Awaited<ReturnType<typeof setUpOidc>>;
