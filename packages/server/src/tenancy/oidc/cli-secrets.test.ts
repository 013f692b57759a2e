import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnsecuredJWT } from 'jose';
import type { RegistryError } from '#kernel/errors';
import { forEachDialect } from '#testing/databases';
import { clientId } from '#testing/openid-provider';
import { type OidcScene, setUpOidc } from '#testing/oidc-scene';

const minute = 60_000;
const asker = { actor: { kind: 'user', userId: 1, name: 'admin', admin: true }, address: 'a', requestId: 'r' } as const;

forEachDialect('a CLI secret', (on) => {
  const scenario = (name: string, play: (place: OidcScene, secret: string, userId: number) => Promise<void>) => {
    test(name, async () => {
      await using stack = new AsyncDisposableStack();
      const place = await setUpOidc(stack, stack.use(await on.open()));
      const userId = (await place.signIn()).actor?.userId ?? 0;
      await play(place, await place.secretOf(userId), userId);
    });
  };
  const refreshes = ({ provider }: OidcScene) => provider.asked.filter((path) => path === 'POST /token').length - 1;

  scenario('signs in, and nothing else does', async ({ oidc, signIn, secretOf }, secret, userId) => {
    const { cliSecrets } = oidc;
    const actor = { kind: 'user', userId, name: 'anna', admin: false };
    assert.deepEqual(await cliSecrets.signIn('anna', secret), actor);
    const bert = (await signIn('bert')).actor?.userId ?? 0;
    for (const [name, wrong] of [
      ['anna', `${secret}x`],
      ['anna', ''],
      ['anna', await secretOf(bert)],
      ['bert', secret],
      ['nobody', secret],
    ] as const) {
      assert.equal(await cliSecrets.signIn(name, wrong), undefined);
    }
  });

  scenario(
    'is set by its owner and by administrators of the registry, by nobody else',
    async (place, secret, userId) => {
      const { cliSecrets } = place.oidc;
      const by = (id: number) => ({ ...asker, actor: { kind: 'user', userId: id, name: 'x', admin: false } as const });
      await assert.rejects(
        cliSecrets.set(by(userId + 1000), userId, 'Chosen-by-bert-1'),
        (error: RegistryError) => error.code === 'denied',
      );
      assert.ok(await cliSecrets.signIn('anna', secret));
      await cliSecrets.set(by(userId), userId, 'Chosen-by-anna-1');
      assert.ok(await cliSecrets.signIn('anna', 'Chosen-by-anna-1'));
    },
  );

  scenario('can be set, and then the one before is dead', async ({ oidc }, secret, userId) => {
    const { cliSecrets } = oidc;
    await cliSecrets.set(asker, userId, 'Chosen-by-anna-1');
    assert.ok(await cliSecrets.signIn('anna', 'Chosen-by-anna-1'));
    assert.equal(await cliSecrets.signIn('anna', secret), undefined);
    await cliSecrets.set(asker, userId, undefined);
    assert.equal(await cliSecrets.signIn('anna', 'Chosen-by-anna-1'), undefined);
    for (const weak of ['Short1', 'nouppercase1', 'NOLOWERCASE1', 'NoDigitsHere', `aA1${'x'.repeat(126)}`]) {
      await assert.rejects(
        cliSecrets.set(asker, userId, weak),
        (error: RegistryError) => error.code === 'body-invalid',
      );
    }
    await assert.rejects(
      cliSecrets.set(asker, userId + 1000, undefined),
      (error: RegistryError) => error.code === 'precondition-failed',
    );
  });

  scenario('survives the renewal of the refresh token, again and again', async (place, secret) => {
    for (let round = 1; round <= 3; round++) {
      place.time.advance(15 * minute);
      assert.ok(await place.oidc.cliSecrets.signIn('anna', secret), `round ${round}`);
      assert.equal(refreshes(place), round);
    }
    await place.signIn();
    assert.ok(await place.oidc.cliSecrets.signIn('anna', secret), 'after another sign-in');
  });

  scenario('does not outlive a group for more than a quarter of an hour', async (place, secret) => {
    place.provider.people.set('anna', { preferred_username: 'anna', groups: [] });
    place.time.advance(14 * minute);
    assert.ok(await place.oidc.cliSecrets.signIn('anna', secret));
    assert.deepEqual(await place.groupsOf('anna'), ['hub-dev']);
    place.time.advance(minute);
    assert.ok(await place.oidc.cliSecrets.signIn('anna', secret));
    assert.deepEqual(await place.groupsOf('anna'), []);
  });

  scenario('is dead when the provider no longer knows the person, and so are the sessions', async (place, secret) => {
    const { browser } = await place.signIn();
    place.provider.people.delete('anna');
    place.time.advance(15 * minute);
    assert.equal(await place.oidc.cliSecrets.signIn('anna', secret), undefined);
    assert.equal(await place.sessions.find(browser.cookies(place.url).get('sid')), undefined);
    assert.deepEqual(await place.groupsOf('anna'), []);
    place.provider.people.set('anna', { preferred_username: 'anna' });
    assert.equal(await place.oidc.cliSecrets.signIn('anna', secret), undefined);
    await place.signIn();
    assert.ok(await place.oidc.cliSecrets.signIn('anna', secret), 'after another sign-in it is good again');
  });

  scenario('is good for four hours while the provider is away', async (place, secret) => {
    place.provider.up = false;
    for (const minutes of [15, 224]) {
      place.time.advance(minutes * minute);
      assert.ok(await place.oidc.cliSecrets.signIn('anna', secret), `after ${minutes} minutes more`);
    }
    assert.ok(place.warned.length > 0);
    place.time.advance(minute);
    assert.equal(await place.oidc.cliSecrets.signIn('anna', secret), undefined);
    const before = refreshes(place);
    assert.equal(await place.oidc.cliSecrets.signIn('anna', secret), undefined);
    assert.equal(refreshes(place), before, 'a provider that is away is not asked by everybody');
  });

  scenario('without a refresh token is good for a quarter of an hour', async (place, secret, userId) => {
    await place.query(`update oidc_identity set refresh_token = null where user_id = ${userId}`);
    place.time.advance(14 * minute);
    assert.ok(await place.oidc.cliSecrets.signIn('anna', secret));
    place.time.advance(minute);
    assert.equal(await place.oidc.cliSecrets.signIn('anna', secret), undefined);
  });

  scenario('of another provider than the one of today is dead', async (place, secret) => {
    place.change({ endpoint: 'https://other.example' });
    assert.equal(await place.oidc.cliSecrets.signIn('anna', secret), undefined);
  });

  scenario('makes the provider asked once, however many come at once to two nodes', async (place, secret) => {
    const other = place.build();
    place.time.advance(15 * minute);
    const nodes = [place.oidc, other, place.oidc, other, place.oidc, other];
    const actors = await Promise.all(nodes.map(({ cliSecrets }) => cliSecrets.signIn('anna', secret)));
    assert.ok(actors.every((actor) => actor?.name === 'anna'));
    assert.equal(refreshes(place), 1);
  });

  scenario('is kept up to date in the background for who is around', async (place) => {
    place.provider.people.set('anna', { preferred_username: 'anna', groups: ['hub-new'] });
    place.time.advance(9 * minute);
    assert.equal(await place.oidc.refreshDue(), 0);
    place.time.advance(minute);
    assert.equal(await place.oidc.refreshDue(), 1);
    assert.deepEqual(await place.groupsOf('anna'), ['hub-new']);
    assert.equal(await place.oidc.refreshDue(), 0);
    await place.query('delete from session');
    place.time.advance(31 * minute);
    assert.equal(await place.oidc.refreshDue(), 0, 'nobody is around');
  });

  scenario('has an ID token of the provider beside it', async (place) => {
    const { cliSecrets } = place.oidc;
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: place.provider.issuer, aud: clientId, sub: 'anna', iat: now, exp: now + 300 };
    assert.equal((await cliSecrets.findByIdToken(await place.provider.sign(claims)))?.name, 'anna');
    for (const bent of [{ sub: 'stranger' }, { exp: now - 100 }]) {
      const token = await place.provider.sign({ ...claims, ...bent });
      await assert.rejects(cliSecrets.findByIdToken(token), (error: RegistryError) => error.code === 'unauthorized');
    }
    for (const bent of [{ aud: 'another-client' }, { iss: 'https://evil.example' }]) {
      assert.equal(await cliSecrets.findByIdToken(await place.provider.sign({ ...claims, ...bent })), undefined);
    }
    await assert.rejects(cliSecrets.findByIdToken(new UnsecuredJWT(claims).encode()));
    for (const text of ['', 'a.b.c', 'password']) assert.equal(await cliSecrets.findByIdToken(text), undefined);
  });
});
