import type { RouteRecord } from '@entrepot/contract/route';
import { basicAuthorization } from '@entrepot/oci/client/credentials';
import { RegistryProtocolError } from '@entrepot/oci/client/errors';
import { bodyOf } from '@entrepot/oci/client/http-exchange';
import { readBytes } from '@entrepot/oci/client/response-body';
import { type RegistryResponse, readHeader } from '@entrepot/oci/client/transport';
import type { CliContext } from '#src/context';
import { CredentialError } from '#src/failures/failures';
import { openRegistry } from '#src/registries/open-registry';
import type { RegistryAccess } from '#src/registries/registry-access';

/** What a schema of a record stands for; nothing where the record has none. */
type InputOf<Schema> = Schema extends { readonly _zod: { readonly input: infer Input } } ? Input : undefined;

type OutputOf<Schema> = Schema extends { readonly _zod: { readonly output: infer Output } } ? Output : undefined;

/** What goes with a call, as the record has it. */
export interface CallInput<R extends RouteRecord> {
  readonly params?: InputOf<R['params']>;
  readonly query?: InputOf<R['query']>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: InputOf<R['body']>;
}

type Success = 200 | 201 | 202 | 204;

/** What a call is answered with when it succeeds. */
export interface CallAnswer<R extends RouteRecord> {
  readonly status: number;
  /** As the record describes it; a newer registry may send more. Undefined where the answer has no body. */
  readonly body: OutputOf<R['responses'][Success & keyof R['responses']]>;
  header(name: string): string | undefined;
}

/** The management API of one registry, typed by its records. Dispose it when done. */
export interface ManagementClient extends Disposable {
  readonly registry: string;
  /**
   * Calls one operation. Rejects with RegistryResponseError when it is refused, whose exit code fits the status, with
   * RegistryProtocolError when the answer is no JSON, and as the transport does when there is none.
   */
  call<R extends RouteRecord>(record: R, input?: CallInput<R>): Promise<CallAnswer<R>>;
  /** Calls an operation whose answer is read as it comes. Rejects as `call` does. */
  stream<R extends RouteRecord>(record: R, input?: CallInput<R>): Promise<AsyncIterable<Uint8Array>>;
}

/** An answer that is read whole is a page of a list or a document; nothing of that is larger. */
const largestAnswer = 64 * 1024 * 1024;

/** A repository's slashes are encoded twice, so that no proxy takes them for those of the path. */
function encodeParam(name: string, value: string): string {
  const once = encodeURIComponent(value);
  return name === 'repository_name' ? encodeURIComponent(once) : once;
}

type QueryValue = string | number | boolean | undefined;

/** The path and query of a call. Throws TypeError when a parameter of the path is not given. */
export function targetOf(record: Pick<RouteRecord, 'path'>, input: { params?: object; query?: object }): string {
  const params = { ...input.params } as Readonly<Record<string, string | number | undefined>>;
  const path = record.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) {
      throw new TypeError(`no value for ${name} in ${record.path}`);
    }
    return encodeParam(name, String(value));
  });
  const query = new URLSearchParams();
  const given = { ...input.query } as Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) {
        query.append(name, String(one));
      }
    }
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

function successesOf(record: RouteRecord): readonly number[] {
  return Object.keys(record.responses)
    .map(Number)
    .filter((status) => status < 300);
}

/**
 * Opens the management API of a registry. Rejects with CredentialError when the credentials cannot be read or are of a
 * kind that it does not take.
 */
export async function openManagement(
  registry: string,
  access: RegistryAccess,
  context: CliContext,
): Promise<ManagementClient> {
  const connection = await openRegistry(registry, undefined, access, context, { management: true });

  /** Sent with the first request already: a list that anybody may read would else show what anybody sees. */
  async function authorize(): Promise<Record<string, string>> {
    const credentials = await connection.findCredentials();
    switch (credentials?.kind) {
      case undefined:
        return {};
      case 'password':
        return { authorization: basicAuthorization(credentials.username, credentials.password) };
      case 'registry-token':
        return { authorization: `Bearer ${credentials.token}` };
      case 'identity-token':
        throw new CredentialError(
          `the credentials for ${registry} are for pulling and pushing only`,
          `log in with a user and a password: entrepot login ${registry}`,
        );
      default:
        return credentials satisfies never;
    }
  }

  async function send(record: RouteRecord, input: CallInput<RouteRecord>): Promise<RegistryResponse> {
    const { body } = input;
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return connection.send(
      {
        method: record.method,
        target: targetOf(record, input as { params?: object; query?: object }),
        scopes: [],
        headers: {
          ...(await authorize()),
          ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
          ...input.headers,
        },
        ...(bytes === undefined ? {} : { body: bodyOf(bytes) }),
        // What changes something may have done so although its answer was lost.
        repeatable: record.method === 'GET' || record.method === 'HEAD',
        signal: context.signal,
      },
      successesOf(record),
    );
  }

  return {
    registry,
    async call(record, input = {}) {
      const response = await send(record, input as CallInput<RouteRecord>);
      const text = Buffer.from(await readBytes(response, largestAnswer)).toString('utf8');
      const isText = record.responses[response.status] === null || record.produces !== undefined;
      const header = (name: string) => readHeader(response, name);
      return { status: response.status, body: (isText ? text : parse(text, record)) as never, header };
    },
    async stream(record, input = {}) {
      return (await send(record, input as CallInput<RouteRecord>)).body;
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

function parse(text: string, { method, path }: RouteRecord): unknown {
  if (text === '') {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RegistryProtocolError(`${method} ${path} was not answered with JSON; is it an Entrepot or a Harbor?`, {
      cause: error,
    });
  }
}
