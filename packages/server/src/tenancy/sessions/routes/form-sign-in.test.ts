import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Actor, anonymous } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { randomId } from '#kernel/ids';
import { createSecretBox } from '#platform/crypto';
import { readSessionCookie } from '#platform/http/browser';
import { createSessions, createSessionStore } from '#tenancy/sessions';
import { assertAnswer } from '#testing/answers';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { serveRaw } from '#testing/raw-server';
import { addUserRow } from '#testing/rows';
import { formSignInRoutes } from './form-sign-in.ts';

async function setUp(stack: AsyncDisposableStack, place: TestDatabase, endElsewhere?: string) {
  const anna = await addUserRow(place.db, 'anna');
  const sessions = createSessions({
    store: createSessionStore(place.db),
    transact: place.db.transact,
    audit: { write: async () => undefined },
    clock: () => Date.now(),
    newId: randomId,
    box: createSecretBox([new Uint8Array(32)]),
    idleMs: () => 60_000,
  });
  const routes = formSignInRoutes({
    sessions,
    logins: {
      async signIn(name, password) {
        if (name === 'anna' && password === 'right') return { kind: 'user', userId: anna, name, admin: false };
        throw new RegistryError('unauthorized', 'The user name or password is not right.');
      },
    },
    async identify(request, { secure }) {
      const found = await sessions.find(readSessionCookie(request.headers, secure));
      return { actor: found?.actor ?? anonymous };
    },
    userExists: (by, value) => by === 'username' && value === 'anna',
    mayAskForUsers: (actor: Actor) => actor.kind === 'user',
    endElsewhere: () => endElsewhere,
    onFault: (error) => assert.fail(error),
  });
  const { url } = stack.use(await serveRaw(routes, { trustedProxies: ['127.0.0.1/32'] }));
  const ask = (path: string, headers: Record<string, string> = {}, form?: Record<string, string>) =>
    fetch(`${url}${path}`, {
      method: form === undefined ? 'GET' : 'POST',
      headers,
      redirect: 'manual',
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
  const right = { principal: 'anna', password: 'right' };
  const signIn = async (headers: Record<string, string> = {}) => {
    const response = await ask('/c/login', headers, right);
    await assertAnswer(response, 200);
    return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  };
  return { url, ask, right, signIn, sessions };
}

forEachDialect('a form', (on) => {
  test('signs in, and the session is good until it signs out', async () => {
    await using stack = new AsyncDisposableStack();
    const { ask, signIn } = await setUp(stack, stack.use(await on.open()));
    const cookie = await signIn();
    assert.match(cookie, /^sid=[\w-]{43}$/);
    assert.equal(await (await ask('/c/userExists', { cookie }, { target: 'username', value: 'anna' })).text(), 'true');
    const out = await ask('/c/log_out', { cookie });
    await assertAnswer(out, 200);
    assert.match(out.headers.get('set-cookie') ?? '', /^sid=; Path=\/; Max-Age=0/);
    await assertAnswer(
      await ask('/c/userExists', { cookie }, { target: 'username', value: 'anna' }),
      412,
      'PRECONDITION',
    );
  });

  test('behind TLS sets a cookie that no neighbour can plant', async () => {
    await using stack = new AsyncDisposableStack();
    const { ask, right } = await setUp(stack, stack.use(await on.open()));
    const response = await ask('/c/login', { 'x-forwarded-proto': 'https' }, right);
    assert.match(
      response.headers.get('set-cookie') ?? '',
      /^__Host-sid=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });

  test('ends the session that the browser brought along', async () => {
    await using stack = new AsyncDisposableStack();
    const { signIn, sessions } = await setUp(stack, stack.use(await on.open()));
    const before = await signIn();
    const after = await signIn({ cookie: before });
    assert.notEqual(after, before);
    assert.equal(await sessions.find(before.slice('sid='.length)), undefined);
    assert.ok(await sessions.find(after.slice('sid='.length)));
  });

  test('with a wrong name or password gets 401 and no session', async () => {
    await using stack = new AsyncDisposableStack();
    const { ask } = await setUp(stack, stack.use(await on.open()));
    for (const form of [{ principal: 'anna', password: 'wrong' }, { principal: 'bert', password: 'right' }, {}]) {
      const response = await ask('/c/login', {}, form as Record<string, string>);
      assert.equal(response.headers.get('set-cookie'), null);
      await assertAnswer(response, 401, 'UNAUTHORIZED');
    }
  });

  test('of another site signs nobody in or out', async () => {
    await using stack = new AsyncDisposableStack();
    const { ask, right, signIn, sessions } = await setUp(stack, stack.use(await on.open()));
    const cookie = await signIn();
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const sent = { cookie, ...headers } as Record<string, string>;
      await assertAnswer(await ask('/c/login', sent, right), 403, 'FORBIDDEN');
      await assertAnswer(await ask('/c/log_out', sent), 403, 'FORBIDDEN');
    }
    assert.ok(await sessions.find(cookie.slice('sid='.length)));
  });

  test('takes no other method, target or size', async () => {
    await using stack = new AsyncDisposableStack();
    const { ask, signIn } = await setUp(stack, stack.use(await on.open()));
    await assertAnswer(await ask('/c/login'), 405, 'METHOD_NOT_ALLOWED');
    await assertAnswer(await ask('/c/log_out', {}, {}), 405, 'METHOD_NOT_ALLOWED');
    const cookie = await signIn();
    await assertAnswer(await ask('/c/userExists', { cookie }, { target: 'password', value: 'x' }), 400, 'BAD_REQUEST');
    const long = { principal: 'anna', password: 'x'.repeat(70_000) };
    await assertAnswer(await ask('/c/login', {}, long), 413, 'REQUEST_ENTITY_TOO_LARGE');
  });

  test('is sent on where the session is ended elsewhere', async () => {
    await using stack = new AsyncDisposableStack();
    const { ask, signIn } = await setUp(stack, stack.use(await on.open()), '/c/oidc/logout');
    const response = await ask('/c/log_out', { cookie: await signIn() });
    assert.equal(response.headers.get('location'), '/c/oidc/logout');
    await assertAnswer(response, 302);
  });
});
