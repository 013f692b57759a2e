import { pingOidc } from '@entrepot/contract/harbor/oidc';
import { setCliSecret } from '@entrepot/contract/harbor/user';
import { userIdOf } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Exchange, Reply } from '#platform/http';
import {
  answerBrowser,
  assertSameOrigin,
  type BrowserReply,
  formatCookie,
  formatSessionCookie,
  type OnFault,
  readCookie,
  readForm,
  readSessionCookie,
} from '#platform/http/browser';
import { type ManagedRoute, serve } from '#platform/http/management';
import type { Access } from '#tenancy/access';
import { type Arrival, type CliSecrets, type SignIns, toReturnPath } from '#tenancy/oidc';
import type { Sessions } from '#tenancy/sessions';

/** The cookie of a sign-in under way. */
const cookieName = 'oidc_step';

/** As long as the steps themselves are kept. */
const cookieSeconds = 600;

/** The page of the console on which somebody new chooses a name. */
const onboardingPage = '/oidc-onboard';

export interface OidcRoutesDeps {
  readonly signIns: SignIns;
  readonly sessions: Sessions;
  readonly onFault: OnFault;
}

/** The way to the provider and back, by path, where Harbor has it. */
export function oidcRoutes({
  signIns,
  sessions,
  onFault,
}: OidcRoutesDeps): Readonly<Record<string, (exchange: Exchange) => Promise<Reply>>> {
  function on(path: string, methods: readonly string[], work: (exchange: Exchange) => Promise<BrowserReply>) {
    const handle = (exchange: Exchange) => {
      exchange.route = path;
      return answerBrowser(exchange, onFault, () => {
        if (methods.includes(exchange.method)) return work(exchange);
        throw new RegistryError('method-not-allowed', `${path} takes ${methods.join(' and ')}.`);
      });
    };
    return { [path]: handle };
  }

  const baseOf = ({ origin }: Exchange) => `${origin.base}${origin.prefix}`;
  const whoAsks = ({ address, requestId }: Exchange) => ({ address, requestId });
  const stepOf = ({ headers, origin }: Exchange) => readCookie(headers, cookieName, origin.secure);
  const setStep = ({ origin: { secure } }: Exchange, token: string | undefined) =>
    formatCookie(cookieName, token ?? '', { secure, maxAge: token === undefined ? 0 : cookieSeconds });

  async function beginSession(exchange: Exchange, arrival: Arrival & { readonly kind: 'signed-in' }): Promise<string> {
    const { headers, address, origin } = exchange;
    const token = await sessions.begin({
      actor: arrival.actor,
      address,
      userAgent: headers['user-agent'],
      before: readSessionCookie(headers, origin.secure),
      providerToken: arrival.idToken,
    });
    return formatSessionCookie(token, origin.secure);
  }

  return {
    ...on('/c/oidc/login', ['GET'], async (exchange) => {
      const { location, token } = await signIns.begin(
        baseOf(exchange),
        toReturnPath(exchange.query.get('redirect_url')),
        exchange.origin.address,
      );
      return { status: 302, location, cookies: [setStep(exchange, token)] };
    }),
    ...on('/c/oidc/callback', ['GET'], async (exchange) => {
      const arrival = await signIns.finish({ token: stepOf(exchange), query: exchange.query }, whoAsks(exchange));
      if (arrival.kind === 'signed-in') {
        const session = await beginSession(exchange, arrival);
        const location = `${exchange.origin.prefix}${arrival.returnTo}`;
        return { status: 302, location, cookies: [setStep(exchange, undefined), session] };
      }
      const asked = new URLSearchParams({ username: arrival.suggested, redirect_url: arrival.returnTo });
      const location = `${exchange.origin.prefix}${onboardingPage}?${asked}`;
      return { status: 302, location, cookies: [setStep(exchange, arrival.token)] };
    }),
    ...on('/c/oidc/onboard', ['POST'], async (exchange) => {
      assertSameOrigin(exchange.request, exchange.origin);
      const userName = await readUserName(exchange);
      const arrival = await signIns.onboard(stepOf(exchange), userName, whoAsks(exchange));
      return { status: 200, cookies: [setStep(exchange, undefined), await beginSession(exchange, arrival)] };
    }),
    ...on('/c/oidc/logout', ['GET'], async (exchange) => {
      // A page of another site must not sign anybody out.
      assertSameOrigin(exchange.request, exchange.origin);
      const token = readSessionCookie(exchange.headers, exchange.origin.secure);
      const ended = token === undefined ? undefined : await sessions.end(token, whoAsks(exchange));
      const home = `${baseOf(exchange)}/`;
      const elsewhere =
        ended === undefined ? undefined : await leave(() => signIns.logoutUrl(ended.providerToken, home));
      const location = elsewhere ?? `${exchange.origin.prefix}/`;
      return { status: 302, location, cookies: [formatSessionCookie(undefined, exchange.origin.secure)] };
    }),
  };
}

/** The session here is over already: a provider that is away must not make it look otherwise. */
async function leave(find: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

/** Harbor's portal sends JSON. */
async function readUserName(exchange: Exchange): Promise<string> {
  if (exchange.headers['content-type']?.startsWith('application/json') !== true) {
    return (await readForm(exchange)).get('username') ?? '';
  }
  const text = (await exchange.readBody(64 * 1024, 'body-too-large')).toString('utf8');
  try {
    const { username } = JSON.parse(text) as { username?: unknown };
    return typeof username === 'string' ? username : '';
  } catch {
    throw new RegistryError('body-invalid', 'The body is no JSON.');
  }
}

export interface OidcManagedRoutesDeps {
  readonly signIns: SignIns;
  readonly cliSecrets: CliSecrets;
  readonly access: Pick<Access, 'demandInSystem'>;
}

/** What the management API has of OpenID Connect. */
export function oidcManagedRoutes({ signIns, cliSecrets, access }: OidcManagedRoutesDeps): ManagedRoute[] {
  return [
    serve(pingOidc, async ({ body }) => {
      await signIns.ping(body.url, body.verify_cert === true);
      return { status: 200 };
    }),
    serve(setCliSecret, async ({ asker, params, body }) => {
      if (userIdOf(asker.actor) !== params.user_id) await access.demandInSystem(asker.actor, 'user:update');
      await cliSecrets.set(asker, params.user_id, body.secret || undefined);
      return { status: 200 };
    }),
  ];
}

/** How an account signs in at the provider, as Harbor shows it. The secret is for its owner's eyes. */
export async function showOidcMeta(
  cliSecrets: CliSecrets,
  userId: number,
  isOwner: boolean,
): Promise<object | undefined> {
  const meta = await cliSecrets.find(userId);
  if (meta === undefined) return undefined;
  return {
    id: meta.userId,
    user_id: meta.userId,
    subiss: `${meta.subject}${meta.issuer}`,
    ...(isOwner ? { secret: await cliSecrets.reveal(userId) } : {}),
    creation_time: new Date(meta.createdAt).toISOString(),
    update_time: new Date(meta.updatedAt).toISOString(),
  };
}
