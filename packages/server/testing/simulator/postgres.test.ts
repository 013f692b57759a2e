import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { simulate } from './simulate.ts';

// Real connections decide who waits for whom: a seed has the same errands again, not the same order.
forEachDialect('schedules that run at once', (on) => {
  test('lose nothing and keep nothing for nothing', { skip: on.kind === 'sqlite' && 'has one writer' }, async (t) => {
    await using place = await on.makePlace();
    const database = place.env['ENTREPOT_DATABASE_URL'] ?? '';
    const seed = Date.now() % 1_000_000;
    const { schedules } = await simulate({ seed, schedules: 400, within: 20_000, database });
    t.diagnostic(`${schedules} schedules from ${seed} on`);
  });
});
