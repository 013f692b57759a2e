import { z } from 'zod';
import { createSchemaCollector, type JsonSchema, type SchemaCollector } from './openapi-schemas.ts';
import { publicPermissions } from './permissions.ts';
import type { RouteRecord } from './route.ts';

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface Reference {
  readonly $ref: string;
}

export interface ApiContent {
  readonly [mediaType: string]: { readonly schema: JsonSchema };
}

export interface ApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Reference>>;
  readonly content?: ApiContent;
}

export interface ApiOperation {
  readonly operationId: string;
  readonly tags: readonly [string];
  readonly summary: string;
  readonly deprecated?: true;
  readonly security: readonly Readonly<Record<string, readonly never[]>>[];
  /** What the caller needs, and where; absent where nothing is needed. */
  readonly 'x-permission'?: { readonly name: string; readonly at?: string };
  readonly parameters?: readonly (ApiParameter | Reference)[];
  readonly requestBody?: { readonly required: boolean; readonly content: ApiContent };
  readonly responses: Readonly<Record<string, ApiResponse | Reference>>;
}

/** An OpenAPI 3.1 document: as much of the specification as is made here. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: ApiInfo & { readonly license: { readonly name: string; readonly identifier: string } };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
    readonly parameters: Readonly<Record<string, ApiParameter>>;
    readonly responses: Readonly<Record<string, ApiResponse>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
  };
}

/** What each status says; those of failures double as the names of their shared answers. */
const statuses: Readonly<Record<number, readonly [name: string, description: string]>> = {
  200: ['Done', 'Done.'],
  201: ['Created', 'Created.'],
  202: ['Accepted', 'Accepted; it goes on in the background.'],
  204: ['NoContent', 'Done, and there is nothing to tell.'],
  302: ['Found', 'Elsewhere, where Location says.'],
  400: ['BadRequest', 'Something in the request is not as it should be; the message names it.'],
  401: ['Unauthorized', 'No credentials, or wrong ones.'],
  403: ['Forbidden', 'The caller may not do this.'],
  404: ['NotFound', 'There is no such thing, or the caller may not know of it.'],
  405: ['MethodNotAllowed', 'Not possible here, or the registry is read-only at the moment.'],
  409: ['Conflict', 'It exists already, or something else is in the way.'],
  412: ['PreconditionFailed', 'Something else must be done first; the message names it.'],
  413: ['TooLarge', 'The request is too large.'],
  415: ['UnsupportedMediaType', 'The body is of a type that is not understood here.'],
  422: ['Unprocessable', 'The request is well-formed, but cannot be carried out.'],
  429: ['TooManyRequests', 'Too many requests; wait as long as Retry-After says.'],
  500: ['InternalError', 'A fault of the registry; its log tells more under the id of the request.'],
  501: ['NotImplemented', 'This release does not have it yet.'],
  503: ['Unavailable', 'Not at the moment; try again.'],
};

const headers = {
  Location: { description: 'Where what was created is found; its last part is the id.', schema: { type: 'string' } },
  'X-Total-Count': { description: 'How many entries there are on all pages.', schema: { type: 'integer' } },
  Link: { description: 'The pages before and after this one (RFC 8288).', schema: { type: 'string' } },
} as const;

const securitySchemes = {
  basic: { type: 'http', scheme: 'basic', description: 'Name and password, or name and secret of a robot.' },
  bearer: { type: 'http', scheme: 'bearer', description: 'A token.' },
} as const;

/**
 * The document of an API that consists of these records. Everything in it comes from the records; the same records give
 * the same document, in their order. Fails where a record has a schema that JSON Schema cannot say, or a status that
 * nothing is known about.
 */
export function openApiDocument(records: readonly RouteRecord[], info: ApiInfo): OpenApiDocument {
  const schemas = createSchemaCollector();
  const responses = new Map<string, ApiResponse>();
  const shared = sharedParameters(records.flatMap((record) => parametersOf(record, schemas)));

  const paths: Record<string, Record<string, ApiOperation>> = {};
  for (const record of records) {
    const parameters = parametersOf(record, schemas).map((parameter) => {
      const name = nameOf(parameter);
      return isDeepEqual(shared.get(name), parameter) ? { $ref: `#/components/parameters/${name}` } : parameter;
    });
    (paths[record.path] ??= {})[record.method.toLowerCase()] = {
      operationId: record.operationId,
      tags: [record.tag],
      summary: record.summary,
      ...(record.deprecated === true && { deprecated: true }),
      security: securityOf(record),
      ...permissionOf(record),
      ...(parameters.length > 0 && { parameters }),
      ...(record.body && {
        requestBody: {
          required: record.bodyOptional !== true,
          content: { 'application/json': { schema: schemas.toJson(record.body) } },
        },
      }),
      responses: responsesOf(record, schemas, responses),
    };
  }

  return {
    openapi: '3.1.1',
    info: { ...info, license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: [...new Set(records.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes,
      headers,
      parameters: sortedByName(shared),
      responses: sortedByName(responses),
      schemas: sortedByName(schemas.components),
    },
  };
}

/** Credentials help where a permission of public projects is asked, and are not needed. */
function securityOf({ permission, at }: RouteRecord): ApiOperation['security'] {
  const named = [{ basic: [] }, { bearer: [] }] as const;
  const open = permission === 'public' || (at === 'project' && publicPermissions.some((one) => one === permission));
  return open ? [{}, ...named] : named;
}

function permissionOf({ permission, at }: RouteRecord): Pick<ApiOperation, 'x-permission'> {
  return permission === 'public' ? {} : { 'x-permission': { name: permission, ...(at && { at }) } };
}

function parametersOf(record: RouteRecord, schemas: SchemaCollector): ApiParameter[] {
  const list = (place: ApiParameter['in'], fields: z.ZodObject | undefined): ApiParameter[] =>
    Object.entries((fields?.shape ?? {}) as Record<string, z.ZodType>).map(([name, field]) => {
      const { description, ...schema } = schemas.toJson(field);
      return {
        name: place === 'header' ? titleCase(name) : name,
        in: place,
        required: place === 'path' || !z.safeParse(field, undefined).success,
        ...(typeof description === 'string' && { description }),
        schema,
      };
    });
  return [...list('path', record.params), ...list('query', record.query), ...list('header', record.headers)];
}

/** The commonest parameter of each name, where it is there more than once. */
function sharedParameters(all: readonly ApiParameter[]): Map<string, ApiParameter> {
  const shared = new Map<string, ApiParameter>();
  for (const [name, ofName = []] of Object.entries(Object.groupBy(all, nameOf))) {
    const alike = Object.values(Object.groupBy(ofName, (parameter) => JSON.stringify(parameter)));
    const [commonest = []] = alike.toSorted((a, b) => (b?.length ?? 0) - (a?.length ?? 0));
    if (commonest[0] !== undefined && commonest.length > 1) shared.set(name, commonest[0]);
  }
  return shared;
}

const nameOf = (parameter: ApiParameter): string => `${parameter.in}-${parameter.name}`;

function responsesOf(
  record: RouteRecord,
  schemas: SchemaCollector,
  shared: Map<string, ApiResponse>,
): Record<string, ApiResponse | Reference> {
  const answers: Record<string, ApiResponse | Reference> = {};
  for (const [status, schema] of Object.entries(record.responses)) {
    const code = Number(status);
    const [name, description] = statuses[code] ?? [];
    if (name === undefined || description === undefined) {
      throw new Error(`${record.operationId}: nothing is known about the status ${status}.`);
    }
    const mediaType = code < 300 && record.produces !== undefined ? record.produces : 'application/json';
    const sent = headersOf(record, code);
    const answer: ApiResponse = {
      description,
      ...(sent && { headers: sent }),
      ...(schema && { content: { [mediaType]: { schema: schemas.toJson(schema) } } }),
    };
    if (code < 400) {
      answers[status] = answer;
      continue;
    }
    const known = shared.get(name);
    if (known === undefined) shared.set(name, answer);
    answers[status] =
      known === undefined || isDeepEqual(known, answer) ? { $ref: `#/components/responses/${name}` } : answer;
  }
  return answers;
}

/** Harbor tells where a new thing is, and how long a list is that comes in pages. */
function headersOf(record: RouteRecord, status: number): Record<string, Reference> | undefined {
  const refer = (...names: (keyof typeof headers)[]) =>
    Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  if (status === 201) return refer('Location');
  const isPaged = record.query !== undefined && 'page' in record.query.shape;
  return status === 200 && isPaged && record.responses[200] instanceof z.ZodArray
    ? refer('X-Total-Count', 'Link')
    : undefined;
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function titleCase(header: string): string {
  return header.replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

function sortedByName<T>(entries: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
