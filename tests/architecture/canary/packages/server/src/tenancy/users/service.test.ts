// canary: sound
import { test } from 'node:test';
import { db } from '#platform/db';
import { startTestRegistry } from '#testing/test-registry';

test('a test may reach for the database and the test registry', () => {
  startTestRegistry();
  return Promise.resolve(db).then(() => undefined);
});
