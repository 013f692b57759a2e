import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { startTestRegistry } from '#testing/test-registry';

forEachDialect('a project that is deleted while somebody pushes into it', (on) => {
  test('is there with the push or gone without it, and nobody meets a fault', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place, env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000' } });
    const statuses = new Set<number>();
    for (let round = 0; round < 8; round++) {
      const name = `short-lived-${round}`;
      await registry.addProject(name);
      const begin = (at: number) =>
        registry.fetch(`/v2/${name}/app${at}/blobs/uploads/`, { method: 'POST', as: registry.admin });
      const push = async (at: number) => {
        const begun = await begin(at);
        await begun.body?.cancel();
        statuses.add(begun.status);
        const location = begun.headers.get('location');
        if (location === null) return;
        const digest = 'sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';
        const finished = await registry.fetch(`${location}?digest=${digest}`, {
          method: 'PUT',
          as: registry.admin,
          body: 'foo',
        });
        await finished.body?.cancel();
        statuses.add(finished.status);
      };
      const remove = async () => {
        const removed = await registry.fetch(`/api/v2.0/projects/${name}`, { method: 'DELETE', as: registry.admin });
        await removed.body?.cancel();
        statuses.add(removed.status);
      };
      await Promise.all([push(1), push(2), remove(), push(3), push(4)]);
    }
    assert.deepEqual(
      [...statuses].filter((status) => status >= 500),
      [],
      [...statuses].join(' '),
    );
  });
});
