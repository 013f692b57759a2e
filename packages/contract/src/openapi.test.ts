import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { z } from 'zod';
import { allRecords } from './all-records.ts';
import { apiDocument } from './api-document.ts';
import { harborErrors } from './harbor/errors.ts';
import { type ApiOperation, openApiDocument } from './openapi.ts';
import { type RouteRecord, route } from './route.ts';

const info = { title: 'A harbour', version: '1', description: 'For tests.' };

const boat = z
  .object({ name: z.string(), berth: z.int().nullish(), flag: z.enum(['red', 'blue']).nullish() })
  .meta({ id: 'Boat' });

const listBoats = route({
  operationId: 'listBoats',
  method: 'GET',
  path: '/boats',
  tag: 'boat',
  permission: 'project:list',
  at: 'system',
  summary: 'List the boats.',
  query: z.object({ page: z.int().min(1).optional(), name: z.string() }),
  headers: z.object({ 'x-flag-first': z.enum(['true']).optional() }),
  responses: { 200: z.array(boat), 401: harborErrors },
});

const createBoat = route({
  operationId: 'createBoat',
  method: 'POST',
  path: '/boats',
  tag: 'boat',
  permission: 'project:create',
  at: 'system',
  summary: 'Build a boat.',
  body: boat,
  bodyOptional: true,
  responses: { 201: null, 401: harborErrors },
});

const getLog = route({
  operationId: 'getLog',
  method: 'GET',
  path: '/boats/{boat_id}/log',
  tag: 'log',
  permission: 'public',
  summary: 'Read the log.',
  params: z.object({ boat_id: z.int().meta({ description: 'Of the boat.' }) }),
  responses: { 200: z.string() },
  produces: 'text/plain',
  deprecated: true,
});

const made = openApiDocument([listBoats, createBoat, getLog], info);

function operation(path: string, method: string): ApiOperation {
  const found = made.paths[path]?.[method];
  assert.ok(found);
  return found;
}

/** JSON as it travels, without what is absent. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('the document of the whole API is OpenAPI 3.1, says the validator', async () => {
  const { valid, errors } = await new Validator().validate(plain(apiDocument('1.2.3')) as Record<string, unknown>);
  assert.deepEqual(errors, undefined);
  assert.ok(valid);
});

test('every record is an operation, and every reference leads somewhere', () => {
  const document = apiDocument('1.2.3');
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`),
  );
  const recorded = allRecords.map(({ method, path, operationId }) => `${method} ${path} ${operationId}`);
  assert.deepEqual(described.toSorted(), recorded.toSorted());

  const references = new Set([...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to ?? ''));
  assert.ok(references.size > 100);
  for (const to of references) {
    const found = to
      .slice(2)
      .split('/')
      .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], document);
    assert.ok(found, to);
  }
});

test('a list in pages tells how long it is, something created where it is', () => {
  assert.deepEqual(Object.keys((operation('/boats', 'get').responses['200'] as { headers: object }).headers), [
    'X-Total-Count',
    'Link',
  ]);
  assert.deepEqual(operation('/boats', 'post').responses['201'], {
    description: 'Created.',
    headers: { Location: { $ref: '#/components/headers/Location' } },
  });
});

test('a schema with an id becomes a component, an answer that repeats too', () => {
  const array = { schema: { type: 'array', items: { $ref: '#/components/schemas/Boat' } } };
  assert.deepEqual(plain(operation('/boats', 'get').responses['200']), {
    description: 'Done.',
    headers: {
      'X-Total-Count': { $ref: '#/components/headers/X-Total-Count' },
      Link: { $ref: '#/components/headers/Link' },
    },
    content: { 'application/json': array },
  });
  assert.deepEqual(operation('/boats', 'post').requestBody, {
    required: false,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Boat' } } },
  });
  assert.deepEqual(operation('/boats', 'post').responses['401'], { $ref: '#/components/responses/Unauthorized' });
  assert.deepEqual(plain(made.components.schemas['Boat']), {
    type: 'object',
    properties: {
      name: { type: 'string' },
      berth: { type: ['integer', 'null'], format: 'int64' },
      flag: { type: ['string', 'null'], enum: ['red', 'blue', null] },
    },
    required: ['name'],
  });
});

test('parameters say where they belong and whether they must be there', () => {
  assert.deepEqual(plain(operation('/boats', 'get').parameters), [
    { name: 'page', in: 'query', required: false, schema: { type: 'integer', minimum: 1, format: 'int64' } },
    { name: 'name', in: 'query', required: true, schema: { type: 'string' } },
    { name: 'X-Flag-First', in: 'header', required: false, schema: { type: 'string', enum: ['true'] } },
  ]);
  assert.deepEqual(plain(operation('/boats/{boat_id}/log', 'get').parameters), [
    {
      name: 'boat_id',
      in: 'path',
      required: true,
      description: 'Of the boat.',
      schema: { type: 'integer', format: 'int64' },
    },
  ]);
});

test('a parameter that several operations have is written once', () => {
  const again: RouteRecord = { ...getLog, operationId: 'getBoat', path: '/boats/{boat_id}', produces: 'text/html' };
  const document = openApiDocument([getLog, again], info);
  assert.deepEqual(Object.keys(document.components.parameters), ['path-boat_id']);
  for (const methods of Object.values(document.paths)) {
    assert.deepEqual(methods['get']?.parameters, [{ $ref: '#/components/parameters/path-boat_id' }]);
  }
});

test('permission and credentials are told, and that a public operation needs none', () => {
  assert.deepEqual(operation('/boats', 'get')['x-permission'], { name: 'project:list', at: 'system' });
  assert.deepEqual(operation('/boats', 'get').security, [{ basic: [] }, { bearer: [] }]);
  const log = operation('/boats/{boat_id}/log', 'get');
  assert.equal(log['x-permission'], undefined);
  assert.deepEqual(log.security[0], {});
  assert.equal(log.deprecated, true);
  assert.deepEqual(log.responses['200'], {
    description: 'Done.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  });
});

test('two schemas under one id are refused, and a status nobody knows', () => {
  const other: RouteRecord = {
    ...createBoat,
    path: '/other',
    body: z.object({ hull: z.string() }).meta({ id: 'Boat' }),
  };
  assert.throws(() => openApiDocument([listBoats, other], info), /Boat/);
  assert.throws(() => openApiDocument([{ ...getLog, responses: { 299: null } }], info), /299/);
});
