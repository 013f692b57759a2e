import { formatScope, parseScope } from '@entrepot/oci/scope';
import { type Exchange, isFault, type Reply, toRegistryError } from '#platform/http';
import type { OnFault } from '#platform/http/browser';
import type { Tokens } from '#tenancy/tokens';
import type { WorkloadExchange } from '#tenancy/workload-identity';

export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

const tokenTypes = {
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
} as const;

export interface ExchangeRouteDeps {
  readonly exchange: WorkloadExchange;
  readonly tokens: Tokens;
  readonly onFault: OnFault;
}

/** A request that is not as RFC 8693 §2.1 has it. The message names the parameter. */
class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
}

/**
 * The token exchange of RFC 8693 at the token service: `subject_token` of a trusted issuer for a token of ours with what
 * its robot may have of `scope`. `client_id` names the robot where the token stands for several.
 */
export function createExchangeRoute({ exchange, tokens, onFault }: ExchangeRouteDeps) {
  async function work(request: Exchange, form: URLSearchParams): Promise<Reply> {
    const subjectToken = readRequest(form);
    const origin = { address: request.address, requestId: request.requestId };
    const robot = await exchange.exchange(subjectToken, origin, form.get('client_id') || undefined);
    const issued = await tokens.issue(robot, parseScope(form.getAll('scope').join(' ')));
    const granted = issued.grants.filter((grant) => grant.actions.length > 0);
    return jsonReply(request, 200, {
      access_token: issued.token,
      issued_token_type: tokenTypes.accessToken,
      token_type: 'Bearer',
      expires_in: issued.expiresInSeconds,
      scope: formatScope(granted.map(({ repository, actions }) => ({ type: 'repository', name: repository, actions }))),
    });
  }

  return async (request: Exchange, form: URLSearchParams): Promise<Reply> => {
    try {
      return await work(request, form);
    } catch (error) {
      if (error instanceof InvalidRequest) return refuse(request, 400, 'invalid_request', error.message);
      const told = toRegistryError(error, request.requestId);
      if (isFault(told)) {
        onFault(told, request);
        return refuse(request, 500, 'server_error', told.message);
      }
      if (told.code === 'unauthorized' || told.code === 'denied')
        return refuse(request, 400, 'invalid_grant', told.message);
      // The issuer did not answer: nothing is said about the token.
      return refuse(request, 503, 'temporarily_unavailable', told.message);
    }
  };
}

/** The subject's token, when the request asks for what there is. */
function readRequest(form: URLSearchParams): string {
  for (const name of ['subject_token', 'subject_token_type', 'requested_token_type', 'client_id', 'actor_token']) {
    if (form.getAll(name).length > 1) throw new InvalidRequest(`${name}: it is there more than once.`);
  }
  const token = form.get('subject_token') ?? '';
  if (token === '') throw new InvalidRequest('subject_token: it is missing.');
  const type = form.get('subject_token_type');
  if (type !== tokenTypes.jwt && type !== tokenTypes.idToken) {
    throw new InvalidRequest(`subject_token_type: expected ${tokenTypes.jwt} or ${tokenTypes.idToken}.`);
  }
  const wanted = form.get('requested_token_type') ?? tokenTypes.accessToken;
  if (wanted !== tokenTypes.accessToken && wanted !== tokenTypes.jwt) {
    throw new InvalidRequest(`requested_token_type: expected ${tokenTypes.accessToken}.`);
  }
  if (form.has('actor_token')) throw new InvalidRequest('actor_token: nobody acts for another here.');
  return token;
}

function refuse(request: Exchange, status: number, error: string, description: string): Reply {
  // RFC 6749 §5.2 leaves out quotes, backslashes and everything beyond ASCII.
  const plain = description.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '');
  return jsonReply(request, status, { error, error_description: plain });
}

function jsonReply(request: Exchange, status: number, body: Readonly<Record<string, unknown>>): Reply {
  const text = JSON.stringify(body);
  const length = String(Buffer.byteLength(text));
  const headers = ['Content-Type', 'application/json', 'Content-Length', length, 'Cache-Control', 'no-store'];
  if (status === 503) headers.push('Retry-After', '10');
  return { status, headers: [...headers, 'X-Request-Id', request.requestId], body: text };
}
