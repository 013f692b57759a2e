import type { IncomingMessage } from 'node:http';
import type { Actor } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import type { Exchange, Reply } from '#platform/http';
import {
  answerBrowser,
  assertSameOrigin,
  type BrowserReply,
  formatSessionCookie,
  type OnFault,
  readForm,
  readSessionCookie,
} from '#platform/http/browser';
import type { Logins } from '#tenancy/logins';
import type { Sessions } from '#tenancy/sessions';

export interface FormSignInDeps {
  readonly sessions: Sessions;
  readonly logins: Pick<Logins, 'signIn'>;
  /** Who stands behind a request, with a session or an `Authorization` header. */
  readonly identify: (
    request: IncomingMessage,
    origin: { readonly address: string; readonly secure: boolean; readonly requestId: string },
  ) => Eventually<{ readonly actor: Actor }>;
  /** Whether there is an account with that name or that e-mail address. */
  readonly userExists: (by: 'username' | 'email', value: string) => Eventually<boolean>;
  /** Whether the actor may know who is there; with self-registration everybody finds out anyway. */
  readonly mayAskForUsers: (actor: Actor) => Eventually<boolean>;
  /** Where a session that another place began is ended, when it is to be ended there as well: a path. */
  readonly endElsewhere: (source: string) => string | undefined;
  readonly onFault: OnFault;
}

/** Sign-in, sign-out and the question for names, by path, as Harbor's portal and scripts ask for them. */
export function formSignInRoutes(
  deps: FormSignInDeps,
): Readonly<Record<string, (exchange: Exchange) => Promise<Reply>>> {
  const { sessions, logins, onFault } = deps;

  function on(path: string, method: string, work: (exchange: Exchange) => Promise<BrowserReply>) {
    const handle = (exchange: Exchange) => {
      exchange.route = path;
      return answerBrowser(exchange, onFault, async () => {
        if (exchange.method !== method) throw new RegistryError('method-not-allowed', `${path} takes ${method}.`);
        // A page of another site must not sign anybody in or out.
        assertSameOrigin(exchange.request, exchange.origin);
        return work(exchange);
      });
    };
    return { [path]: handle };
  }

  return {
    ...on('/c/login', 'POST', async (exchange) => {
      const form = await readForm(exchange);
      const { address, secure } = exchange.origin;
      const origin = { address, requestId: exchange.requestId };
      const actor = await logins.signIn(form.get('principal') ?? '', form.get('password') ?? '', origin);
      if (actor.kind !== 'user') throw new RegistryError('unauthorized', 'The user name or password is not right.');
      const before = readSessionCookie(exchange.headers, secure);
      const token = await sessions.begin({ actor, address, userAgent: exchange.headers['user-agent'], before });
      return { status: 200, cookies: [formatSessionCookie(token, secure)] };
    }),
    ...on('/c/log_out', 'GET', async (exchange) => {
      const { address, secure } = exchange.origin;
      const token = readSessionCookie(exchange.headers, secure);
      const elsewhere = deps.endElsewhere((await sessions.find(token))?.source ?? '');
      if (elsewhere !== undefined) return { status: 302, location: `${exchange.origin.prefix}${elsewhere}` };
      if (token !== undefined) await sessions.end(token, { address, requestId: exchange.requestId });
      return { status: 200, cookies: [formatSessionCookie(undefined, secure)] };
    }),
    ...on('/c/userExists', 'POST', async (exchange) => {
      const { address, secure } = exchange.origin;
      const { actor } = await deps.identify(exchange.request, { address, secure, requestId: exchange.requestId });
      if (!(await deps.mayAskForUsers(actor))) {
        throw new RegistryError(
          'precondition-failed',
          'Self-registration is off: only who may list users may ask whether one exists.',
        );
      }
      const form = await readForm(exchange);
      const by = form.get('target');
      if (by !== 'username' && by !== 'email') {
        throw new RegistryError('body-invalid', 'target: expected username or email');
      }
      return { status: 200, body: await deps.userExists(by, form.get('value') ?? '') };
    }),
  };
}
