import { lookup } from 'node:dns/promises';
import { RegistryError } from '#kernel/errors';
import type { OutboundConfig } from '#platform/config';
import { exchange, type OutboundAnswer } from './exchange.ts';
import { createOutboundRules, type OutboundRules } from './rules.ts';
import { parseTarget, type Target } from './target.ts';

export interface OutboundRequest {
  readonly url: string;
  /** What the address is called where it was written, for the message that refuses it; `url` if absent. */
  readonly field?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An Authorization header for one origin (`https://host:port`). It is sent nowhere else, however the request gets there. */
  readonly authorization?: { readonly origin: string; readonly value: string };
  readonly body?: string | Uint8Array;
  /** For the whole exchange, names and redirects included; 10 s if absent. */
  readonly timeoutMs?: number;
  /** Bytes of the answer that are read; 1 MiB if absent. */
  readonly maxBytes?: number;
  /** How many redirects of a GET or HEAD are followed; none if absent. */
  readonly redirects?: number;
  /** Takes any certificate. Off unless an operator switched it on for this target. */
  readonly insecure?: boolean;
  /** Authorities in PEM that are believed beside those of the system. */
  readonly ca?: string;
  readonly signal?: AbortSignal;
}

/**
 * The only way from this registry to an address that somebody wrote: every address a name stands for is looked at, and
 * the connection goes to exactly those. Fails with `target-refused`, before any packet, where the text itself says what
 * is not allowed; with `target-unreachable` and always the same message for everything that the network would tell.
 */
export type GuardedRequest = (request: OutboundRequest) => Promise<OutboundAnswer>;

export interface GuardedRequestDeps {
  readonly config: OutboundConfig;
  /** The system's resolver unless a test brings its own. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Told why a target could not be had, for the operator's log; the caller is not. */
  readonly onFailure?: (origin: string, reason: string) => void;
}

const timeoutMs = 10_000;
const maxBytes = 1024 * 1024;

async function resolveBySystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** The one message for a closed, a filtered and a wrong port, for a name nobody knows and one that is internal. */
const unreachable = 'The target could not be reached, or did not answer in time.';

export function createGuardedRequest({
  config,
  resolve = resolveBySystem,
  onFailure,
}: GuardedRequestDeps): GuardedRequest {
  const rules = createOutboundRules(config);

  async function findAddresses(target: Target, signal: AbortSignal): Promise<readonly string[]> {
    if (target.literal) return [target.host];
    const addresses = await untilAborted(resolve(target.host), signal);
    if (addresses.length === 0) throw new Error('the name has no address');
    if (rules.allowsHost(target)) return addresses;
    const inside = addresses.find((address) => !rules.allowsAddress(address));
    if (inside !== undefined) throw new Error(`the name stands for ${inside}, which is internal`);
    return addresses;
  }

  async function follow(asked: OutboundRequest, first: Target, signal: AbortSignal): Promise<OutboundAnswer> {
    const most = asked.redirects ?? 0;
    let target = first;
    for (let hop = 0; ; hop += 1) {
      const home = target.url.origin === first.url.origin;
      const { origin, value } = asked.authorization ?? {};
      const answer = await exchange({
        target,
        addresses: await findAddresses(target, signal),
        method: asked.method ?? 'GET',
        headers: {
          // What a caller adds may be a secret of the first origin, so nothing of it goes to another one.
          ...(home ? asked.headers : {}),
          ...(value !== undefined && origin === target.url.origin ? { authorization: value } : {}),
        },
        body: asked.body,
        maxBytes: asked.maxBytes ?? maxBytes,
        insecure: home && asked.insecure === true,
        ca: asked.ca,
        signal,
      });
      const next = most > 0 ? locationOf(answer, asked.method, target) : undefined;
      if (next === undefined) return answer;
      if (hop === most) throw new Error('there are too many redirects');
      assertAllowed(rules, next, 'Location');
      target = next;
    }
  }

  return async (asked) => {
    const field = asked.field ?? 'url';
    const target = parseTarget(asked.url, field);
    assertAllowed(rules, target, field);
    const limit = AbortSignal.timeout(asked.timeoutMs ?? timeoutMs);
    const signal = asked.signal === undefined ? limit : AbortSignal.any([limit, asked.signal]);
    try {
      return await follow(asked, target, signal);
    } catch (error) {
      onFailure?.(target.url.origin, error instanceof Error ? error.message || error.name : String(error));
      throw new RegistryError('target-unreachable', unreachable, { cause: error });
    }
  };
}

/**
 * Judges an address when it is written down, without asking anybody: fails with `target-refused`. What a name stands
 * for is only known, and checked, when it is used.
 */
export function createTargetCheck(config: OutboundConfig): (url: string, field: string) => void {
  const rules = createOutboundRules(config);
  return (url, field) => assertAllowed(rules, parseTarget(url, field), field);
}

function assertAllowed(rules: OutboundRules, target: Target, field: string): void {
  if (!rules.allowsPort(target)) {
    throw new RegistryError('target-refused', `${field}: the port ${target.port} is not one that may be asked.`);
  }
  if (rules.allowsHost(target)) return;
  const address = target.literal ? target.host : /(?:^|\.)localhost$/.test(target.host) ? '127.0.0.1' : undefined;
  if (address === undefined || rules.allowsAddress(address)) return;
  throw new RegistryError(
    'target-refused',
    `${field}: ${target.host} is an internal address; an administrator can allow it with outbound.allow.`,
  );
}

const redirecting = new Set([301, 302, 303, 307, 308]);

function locationOf(answer: OutboundAnswer, method = 'GET', from: Target): Target | undefined {
  const location = answer.headers['location'];
  if (!redirecting.has(answer.status) || location === undefined || !['GET', 'HEAD'].includes(method)) return undefined;
  const text = /^[a-z][a-z0-9+.-]*:|^\/\//i.test(location)
    ? location.replace(/^\/\//, `${from.url.protocol}//`)
    : new URL(location, from.url).href;
  const target = parseTarget(text, 'Location');
  if (from.url.protocol === 'https:' && target.url.protocol !== 'https:') throw new Error('it redirects away from TLS');
  return target;
}

/** The resolver cannot be called back; whoever waits for it can leave. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = () => reject(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
