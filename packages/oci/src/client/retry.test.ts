import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTransientStatus, parseRetryAfter, realRetryClock, retryDelayMs } from './retry.ts';

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('Fri, 20 Nov 2026 10:00:00 GMT');
  for (const [header, expected] of [
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['120', 120_000],
    [' 3 ', 3000],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['99999999999', undefined],
    ['Fri, 20 Nov 2026 10:00:07 GMT', 7000],
    ['Fri, 20 Nov 2026 09:00:00 GMT', 0],
    ['2027', 2_027_000],
  ] as const) {
    assert.equal(parseRetryAfter(header, now), expected, String(header));
  }
});

test('the wait doubles, is bounded and has a random part', () => {
  assert.equal(retryDelayMs(1, 0), 250);
  assert.equal(retryDelayMs(1, 1), 500);
  assert.equal(retryDelayMs(2, 1), 1000);
  assert.equal(retryDelayMs(100, 1), 30_000);
});

test('only trouble that passes is worth another attempt', () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    assert.ok(isTransientStatus(status));
  }
  for (const status of [200, 301, 400, 401, 403, 404, 405, 416, 501, 505]) {
    assert.ok(!isTransientStatus(status));
  }
});

test('a sleep ends with the reason of its signal', async () => {
  const reason = new Error('enough');
  await assert.rejects(realRetryClock.sleep(10_000, AbortSignal.abort(reason)), reason);
});
