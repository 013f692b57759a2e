import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { decodeQuery } from './decode-query.ts';
import { listReply } from './list-reply.ts';

const url = '/api/v2.0/projects?q=name%3D~a&page=2&page_size=10';

test('a page in the middle names the ones beside it, with everything else that was asked', () => {
  const { headers } = listReply(['x'], 35, { page: 2, pageSize: 10 }, url);
  assert.deepEqual(headers, {
    'X-Total-Count': '35',
    Link: '</api/v2.0/projects?q=name%3D%7Ea&page=1&page_size=10>; rel="prev", </api/v2.0/projects?q=name%3D%7Ea&page=3&page_size=10>; rel="next"',
  });
});

test('a list that is whole names no other page', () => {
  assert.deepEqual(listReply([], 0, { page: 1, pageSize: 10 }, '/x').headers, { 'X-Total-Count': '0' });
  assert.deepEqual(listReply(['x'], 10, { page: 1, pageSize: 10 }, '/x').headers, { 'X-Total-Count': '10' });
});

const schema = z.object({
  page: z.int().optional(),
  flag: z.boolean().default(true),
  name: z.string().optional(),
  scope: z.array(z.string()).optional(),
  maybe: z.boolean().nullish(),
});

test('query text becomes what the record says', () => {
  assert.deepEqual(decodeQuery(schema, { page: '2', flag: 'false', name: '7', scope: 'a', maybe: '1', other: 'x' }), {
    page: 2,
    flag: false,
    name: '7',
    scope: ['a'],
    maybe: true,
  });
});

test('what does not read as the record says stays text, and is refused by it', () => {
  const decoded = decodeQuery(schema, { page: '1e3', flag: 'yes' });
  assert.deepEqual(decoded, { page: '1e3', flag: 'yes' });
  assert.equal(schema.safeParse(decoded).success, false);
});

test('a parameter without a value says nothing, and the last of several counts', () => {
  assert.deepEqual(decodeQuery(schema, { page: '', name: ['a', 'b'] }), { name: 'b' });
});

test('names that every object has are no parameters', () => {
  assert.deepEqual(Object.keys(decodeQuery(schema, JSON.parse('{"__proto__":{"page":"1"}}') as object as never)), []);
});
