import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import type { RegistryError } from '#kernel/errors';
import { createBrowser } from '#testing/browser';
import { forEachDialect } from '#testing/databases';
import { clientId, clientSecret } from '#testing/openid-provider';
import { type OidcScene, setUpOidc } from '#testing/oidc-scene';

const minute = 60_000;

const statusOf = async (response: Response, status: number): Promise<void> => {
  const text = await response.text();
  assert.equal(response.status, status, text.slice(0, 300));
};

/** Puts another ID token into what the token endpoint says. */
function forgeIdToken(place: OidcScene, forge: (claims: JWTPayload) => string | Promise<string>): void {
  place.setTamper(async (path, answer) => {
    if (path !== '/token' || answer.status !== 200) return answer;
    const tokens = JSON.parse(answer.body.toString()) as { id_token: string };
    tokens.id_token = await forge(decodeJwt(tokens.id_token));
    return { ...answer, body: Buffer.from(JSON.stringify(tokens)) };
  });
}

forEachDialect('OpenID Connect', (on) => {
  const scenario = (name: string, play: (place: OidcScene) => Promise<void>) => {
    test(name, async () => {
      await using stack = new AsyncDisposableStack();
      await play(await setUpOidc(stack, stack.use(await on.open())));
    });
  };

  scenario('is begun by one network so often, and again after a while', async (place) => {
    const begin = async () => {
      const response = await fetch(`${place.url}/c/oidc/login`, { redirect: 'manual' });
      await response.body?.cancel();
      return response;
    };
    for (let at = 0; at < 300; at += 25) {
      const told = await Promise.all(Array.from({ length: 25 }, begin));
      assert.ok(told.every(({ status }) => status === 302));
    }
    const refused = await begin();
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.equal((await place.query('select token_hash from oidc_step')).length, 300);
    place.time.advance(10 * minute + 1);
    assert.equal((await begin()).status, 302);
    assert.equal((await place.query('select token_hash from oidc_step')).length, 1, 'what is over goes');
  });

  scenario('makes an account at the first sign-in and finds it at the next', async (place) => {
    const first = await place.signIn('anna', '?redirect_url=/projects/1');
    assert.equal(first.at, '/projects/1');
    assert.equal(first.actor?.name, 'anna');
    assert.deepEqual(await place.groupsOf('anna'), ['hub-dev']);
    const [user] = await place.query("select email, realname, source, password from user_account where name = 'anna'");
    assert.deepEqual({ ...user }, { email: 'anna@x.example', realname: 'Anna B', source: 'oidc', password: '' });
    assert.deepEqual((await place.signIn()).actor, first.actor);
    assert.equal((await place.query('select id from user_account')).length, 1);
  });

  scenario('asks the provider with PKCE, and extra parameters take nothing of ours', async (place) => {
    const browser = createBrowser();
    const response = await browser.open(`${place.url}/c/oidc/login`);
    const asked = new URL(response.headers.get('location') ?? '').searchParams;
    assert.equal(asked.get('code_challenge_method'), 'S256');
    assert.equal(asked.get('client_id'), clientId);
    assert.equal(asked.get('prompt'), 'consent');
    assert.equal(asked.get('scope'), 'openid profile email offline_access');
    for (const name of ['state', 'nonce', 'code_challenge']) assert.ok((asked.get(name) ?? '').length >= 43, name);
  });

  scenario('answers 400 to a state that is missing, wrong, of another browser, or used before', async (place) => {
    const { browser, callback } = await place.comeBack();
    await statusOf(await createBrowser().open(callback), 400);
    await statusOf(await browser.open(callback), 302);
    await statusOf(await browser.open(callback), 400);
    for (const [name, value] of [
      ['state', ''],
      ['state', 'x'.repeat(43)],
      ['code', ''],
      ['code', 'guessed'],
      ['iss', 'https://evil.example'],
      ['iss', ''],
    ] as const) {
      const again = await place.comeBack();
      const bent = new URL(again.callback);
      if (value === '') bent.searchParams.delete(name);
      else bent.searchParams.set(name, value);
      await statusOf(await again.browser.open(bent.href), 400);
      await statusOf(await again.browser.open(again.callback), 400);
    }
  });

  scenario('answers 400 to a sign-in that took too long', async (place) => {
    const { browser, callback } = await place.comeBack();
    place.time.advance(10 * minute);
    await statusOf(await browser.open(callback), 400);
  });

  scenario('answers 400 when the code belongs to another proof or another nonce', async (place) => {
    const [one, two] = [await place.comeBack(), await place.comeBack()];
    const swapped = new URL(one.callback);
    swapped.searchParams.set('code', new URL(two.callback).searchParams.get('code') ?? '');
    await statusOf(await one.browser.open(swapped.href), 400);
    for (const nonce of [undefined, 'another']) {
      const { browser, callback } = await place.comeBack();
      forgeIdToken(place, (claims) => place.provider.sign({ ...claims, nonce }));
      await statusOf(await browser.open(callback), 400);
    }
    assert.deepEqual(await place.query('select id from user_account'), []);
  });

  scenario('takes an ID token that the provider signed anew', async (place) => {
    const { browser, callback } = await place.comeBack();
    forgeIdToken(place, (claims) => place.provider.sign(claims));
    await statusOf(await browser.open(callback), 302);
  });

  for (const [what, bend] of [
    ['another client', { aud: 'another-client' }],
    ['several clients', { aud: [clientId, 'another-client'] }],
    ['another authorized party', { azp: 'another-client' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['long ago', { exp: 1_700_000_000 }],
  ] as const) {
    scenario(`answers 401 to an ID token of ${what}`, async (place) => {
      const { browser, callback } = await place.comeBack();
      forgeIdToken(place, (claims) => place.provider.sign({ ...claims, ...bend } as JWTPayload));
      await statusOf(await browser.open(callback), 401);
      assert.deepEqual(await place.query('select id from user_account'), []);
    });
  }

  scenario('answers 401 to an ID token that is not signed, or with the secret both know', async (place) => {
    for (const forge of [
      (claims: JWTPayload) => new UnsecuredJWT(claims).encode(),
      (claims: JWTPayload) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', kid: 'first' })
          .sign(new TextEncoder().encode(clientSecret)),
    ]) {
      const { browser, callback } = await place.comeBack();
      forgeIdToken(place, forge);
      await statusOf(await browser.open(callback), 401);
    }
  });

  scenario('answers 401 when the provider speaks of two people, or refuses', async (place) => {
    const { browser, callback } = await place.comeBack();
    forgeIdToken(place, (claims) => place.provider.sign({ ...claims, sub: 'bert' }));
    await statusOf(await browser.open(callback), 401);
    const again = await place.comeBack();
    const state = new URL(again.callback).searchParams.get('state') ?? '';
    const refusal = new URLSearchParams({ state, iss: place.provider.issuer, error: 'access_denied' });
    await statusOf(await again.browser.open(`${place.url}/c/oidc/callback?${refusal}`), 401);
  });

  scenario('replaces groups and administration at each sign-in', async (place) => {
    const { provider } = place;
    await place.signIn();
    provider.people.set('anna', { preferred_username: 'anna', groups: ['hub-ops', 'hub-admin'] });
    const admin = await place.signIn();
    assert.equal(admin.actor?.admin, true);
    assert.deepEqual(await place.groupsOf('anna'), ['hub-admin', 'hub-ops']);
    provider.people.set('anna', { preferred_username: 'anna' });
    const plain = await place.signIn();
    assert.equal(plain.actor?.admin, false);
    assert.deepEqual(await place.groupsOf('anna'), []);
    assert.equal(await place.sessions.find(admin.browser.cookies(place.url).get('sid')), undefined);
  });

  scenario('leaves groups alone that are kept by hand', async (place) => {
    await place.signIn();
    await place.query(`insert into user_group (name, type, created_at, updated_at) values ('hub-dev', 4, 1, 1)`);
    await place.query(
      `insert into user_group_member (group_id, user_id, source)
        select g.id, u.id, 'local' from user_group g, user_account u where g.type = 4`,
    );
    place.provider.people.set('anna', { preferred_username: 'anna' });
    await place.signIn();
    const rows = await place.query('select source from user_group_member');
    assert.deepEqual(
      rows.map((row) => row['source']),
      ['local'],
    );
  });

  scenario('never gives a new person an account that is there', async (place) => {
    await place.query(
      `insert into user_account (name, password, admin, created_at, updated_at) values ('anna', 'x', 1, 1, 1)`,
    );
    const { browser, actor, at } = await place.signIn('anna', '?redirect_url=/after');
    assert.equal(actor, undefined);
    assert.equal(at, '/oidc-onboard?username=anna&redirect_url=%2Fafter');
    const choose = (username: string) =>
      browser.open(`${place.url}/c/oidc/onboard`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username }),
      });
    await statusOf(await choose('anna'), 409);
    await statusOf(await choose('robot$x'), 400);
    await statusOf(await choose(''), 400);
    await statusOf(await choose('anna.b'), 200);
    const found = await place.sessions.find(browser.cookies(place.url).get('sid'));
    assert.deepEqual([found?.actor.name, found?.actor.admin], ['anna.b', false]);
    await statusOf(await choose('anna.c'), 412);
    assert.deepEqual(await place.groupsOf('anna.b'), ['hub-dev']);
    assert.equal((await place.signIn()).actor?.name, 'anna.b');
  });

  scenario('asks somebody new for a name where that is set, in the same browser only', async (place) => {
    place.change({ autoOnboard: false });
    const { browser, at } = await place.signIn();
    assert.match(at, /^\/oidc-onboard\?username=anna&/);
    const choose = (by: ReturnType<typeof createBrowser>, headers: Record<string, string> = {}) =>
      by.open(`${place.url}/c/oidc/onboard`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ username: 'ann' }),
      });
    await statusOf(await choose(createBrowser()), 412);
    await statusOf(await choose(browser, { origin: 'https://evil.example' }), 403);
    await statusOf(await choose(browser), 200);
    assert.equal((await place.signIn()).actor?.name, 'ann');
  });

  scenario('does not let a disabled account in', async (place) => {
    const { browser, actor } = await place.signIn();
    const secret = await place.secretOf(actor?.userId ?? 0);
    assert.ok(await place.oidc.cliSecrets.signIn('anna', secret));
    await place.query("update user_account set disabled = 1 where name = 'anna'");
    const { callback } = await place.comeBack(browser);
    await statusOf(await browser.open(callback), 401);
    assert.equal(await place.oidc.cliSecrets.signIn('anna', secret), undefined);
  });

  scenario('knows nobody when it is off', async (place) => {
    const { actor } = await place.signIn();
    const secret = await place.secretOf(actor?.userId ?? 0);
    const { callback, browser } = await place.comeBack();
    place.change(undefined);
    assert.equal(await place.oidc.cliSecrets.signIn('anna', secret), undefined);
    await statusOf(await browser.open(callback), 412);
    await statusOf(await browser.open(`${place.url}/c/oidc/login`), 412);
  });

  scenario('keeps nothing readable at rest', async (place) => {
    let seen = '';
    place.setTamper(async (path, answer) => {
      if (path === '/token') seen = answer.body.toString();
      return answer;
    });
    const { actor } = await place.signIn();
    const tokens = JSON.parse(seen) as { refresh_token: string; id_token: string };
    const dump = JSON.stringify([
      await place.query('select * from session'),
      await place.query('select * from oidc_identity'),
      await place.query('select * from oidc_step'),
    ]);
    for (const secret of [tokens.refresh_token, tokens.id_token, await place.secretOf(actor?.userId ?? 0)]) {
      assert.ok(secret.length > 20 && !dump.includes(secret));
    }
  });

  scenario('signs out at the provider as well', async (place) => {
    const { browser } = await place.signIn();
    const token = browser.cookies(place.url).get('sid');
    const from = (headers: Record<string, string>) => browser.open(`${place.url}/c/oidc/logout`, { headers });
    await statusOf(await from({ 'sec-fetch-site': 'cross-site' }), 403);
    assert.ok(await place.sessions.find(token));
    const response = await from({});
    const away = new URL(response.headers.get('location') ?? '');
    assert.equal(away.origin, place.provider.issuer);
    assert.equal(away.searchParams.get('post_logout_redirect_uri'), `${place.url}/`);
    assert.equal(decodeJwt(away.searchParams.get('id_token_hint') ?? '').sub, 'anna');
    await statusOf(await browser.open(away.href), 200);
    assert.equal(await place.sessions.find(token), undefined);
    const nobody = await createBrowser().open(`${place.url}/c/oidc/logout`);
    assert.equal(nobody.headers.get('location'), '/');
    place.change({ logout: false });
    const stays = await place.signIn();
    assert.equal((await stays.browser.open(`${place.url}/c/oidc/logout`)).headers.get('location'), '/');
  });

  scenario('tries a provider that somebody names', async (place) => {
    const { signIns } = place.oidc;
    await signIns.ping(place.provider.issuer, true);
    for (const [url, code] of [
      [place.url, 'target-refused'],
      ['ftp://x.example', 'target-refused'],
      [`${place.provider.issuer}/nothing`, 'target-unreachable'],
    ] as const) {
      await assert.rejects(signIns.ping(url, true), (error: RegistryError) => error.code === code, url);
    }
  });
});
