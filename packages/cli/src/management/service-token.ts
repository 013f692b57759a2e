import type { RouteRecord } from '@entrepot/contract/route';
import { RegistryProtocolError } from '@entrepot/oci/client/errors';
import { formatScope, parseScope, type Scope } from '@entrepot/oci/scope';
import { UsageError } from '#src/failures/failures';
import { formatFields } from '#src/output/table';
import type { ManagementClient } from './client.ts';

/** Claims of a token that are of interest; times are in seconds since 1970. */
interface TokenClaims {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly iat?: number;
  readonly exp?: number;
  readonly access?: readonly { readonly type: string; readonly name: string; readonly actions: readonly string[] }[];
}

/** Not of the management API: where clients of images get their tokens. */
const tokenService = {
  operationId: 'getServiceToken',
  method: 'GET',
  path: '/service/token',
  tag: 'token',
  permission: 'public',
  summary: 'Fetch a token.',
  // As text: the answer is described by the token specification, not by a record.
  responses: { 200: null },
} as const satisfies RouteRecord;

/** Reads `team/app` (for pulling), `team/app:pull,push`, or a scope as the specification has it. Throws UsageError. */
export function readScope(text: string): Scope {
  const full = /^(?:repository|registry):/.test(text)
    ? text
    : `repository:${text.includes(':') ? text : `${text}:pull`}`;
  const [scope, ...more] = parseScope(full);
  if (scope === undefined || more.length > 0) {
    throw new UsageError(`${JSON.stringify(text)} is no scope`, 'write it as team/app:pull,push');
  }
  return scope;
}

/**
 * Fetches a token for scopes. Its claims are read, not verified: the registry that gave it does that. Rejects as the API
 * does, and with RegistryProtocolError when the answer is none.
 */
export async function fetchToken(
  client: ManagementClient,
  scopes: readonly Scope[],
): Promise<{ readonly token: string; readonly claims: TokenClaims }> {
  const query = { service: 'entrepot', scope: scopes.map((scope) => formatScope([scope])) };
  const { body } = await client.call(tokenService, { query } as object);
  try {
    const { token } = JSON.parse(body as unknown as string) as { token: string };
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    return { token, claims: JSON.parse(payload) as TokenClaims };
  } catch (cause) {
    throw new RegistryProtocolError('the answer of the token service holds no token with claims', { cause });
  }
}

const time = (seconds: number | undefined) =>
  seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** What a token permits, and what of the scopes that were asked for it does not. Never fails. */
export function describeClaims(claims: TokenClaims, asked: readonly Scope[]): string {
  const { sub, aud, iat, exp, access = [] } = claims;
  const granted = (scope: Scope) =>
    access.filter(({ type, name }) => type === scope.type && name === scope.name).flatMap(({ actions }) => actions);
  const lines = asked.map((scope) => {
    const has = granted(scope);
    const lacks = scope.actions.filter((action) => !has.includes(action));
    const permits = has.length === 0 ? 'nothing' : has.join(', ');
    return `  ${scope.name}: ${permits}${lacks.length === 0 ? '' : ` (not ${lacks.join(', ')})`}\n`;
  });
  const fields = formatFields([
    ['For', sub === '' ? undefined : sub],
    ['At', typeof aud === 'string' ? aud : aud?.join(', ')],
    ['From', time(iat)],
    ['Until', time(exp)],
  ]);
  return `${fields}Permits:\n${lines.join('')}`;
}
