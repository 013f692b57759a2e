import { type Exchange, ociErrorReply, type Reply, toRegistryError } from '#platform/http';
import type { Metrics } from '#platform/metrics';
import { isAdmin } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Identity } from '#tenancy/identity';
import type { Probe } from './probe.ts';

export interface HealthDeps {
  readonly parts: readonly Probe[];
  readonly metrics: Metrics;
  readonly identity: Identity;
  readonly isDraining: () => boolean;
  readonly metricsPublic: boolean;
}

/** `/healthz` (the process answers), `/readyz` (so do database and store), `/metrics`. */
export function createHealth(deps: HealthDeps): Record<string, (exchange: Exchange) => Reply | Promise<Reply>> {
  async function ready(exchange: Exchange): Promise<Reply> {
    exchange.route = '/readyz';
    const components = await Promise.all(deps.parts.map((part) => part()));
    const failed = components.some((component) => component.error !== undefined);
    const status = deps.isDraining() ? 'draining' : failed ? 'unready' : 'ready';
    const text = JSON.stringify({ status, components });
    return plain(status === 'ready' ? 200 : 503, 'application/json', text);
  }

  async function metrics(exchange: Exchange): Promise<Reply> {
    exchange.route = '/metrics';
    try {
      await assertMayScrape(exchange);
    } catch (error) {
      return ociErrorReply(toRegistryError(error, exchange.requestId), ['WWW-Authenticate', 'Basic realm="entrepot"']);
    }
    const { contentType, text } = await deps.metrics.render();
    return plain(200, contentType, text);
  }

  async function assertMayScrape(exchange: Exchange): Promise<void> {
    if (deps.metricsPublic) return;
    const origin = { address: exchange.origin.address, requestId: exchange.requestId };
    const actor = await deps.identity.identify(exchange.headers.authorization, origin);
    if (actor.kind !== 'token' && isAdmin(actor)) return;
    throw new RegistryError('unauthorized', 'Metrics are for administrators here.');
  }

  return {
    '/healthz': (exchange) => {
      exchange.route = '/healthz';
      return plain(200, 'application/json', '{"status":"ok"}');
    },
    // Harbor's clients look here for the API they may use.
    '/api/version': (exchange) => {
      exchange.route = '/api/version';
      return plain(200, 'application/json', '{"version":"v2.0"}');
    },
    '/readyz': ready,
    '/metrics': metrics,
  };
}

function plain(status: number, contentType: string, text: string): Reply {
  const length = String(Buffer.byteLength(text));
  return {
    status,
    headers: ['Content-Type', contentType, 'Content-Length', length, 'Cache-Control', 'no-store'],
    body: text,
  };
}
