import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '#platform/config';
import type { Logger } from '#platform/log';
import type { Registry } from './compose.ts';

/** A request that was cut stores its progress within so long. */
const settleMs = 5000;

/**
 * Ends gently: not ready at once, and after the time that load balancers are given to notice, no new connections; what
 * runs may finish. Uploads get longer than everything
 * else; what is still running then is cut and can be resumed, for its state is stored.
 */
export async function drain(registry: Registry, config: Config, logger: Logger): Promise<void> {
  const { server } = registry;
  registry.leave();
  const { shutdownReadyDelayMs } = config.limits;
  if (shutdownReadyDelayMs > 0) {
    logger.info({ ms: shutdownReadyDelayMs }, 'Not ready any more; the port is open until load balancers know.');
    await sleep(shutdownReadyDelayMs);
  }
  registry.drain();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const idle = setInterval(() => server.closeIdleConnections(), 200);
  const uploading = () => registry.requestsWithBody() > 0;
  const deadline = performance.now() + config.limits.shutdownDrainMs;
  const uploadDeadline = performance.now() + Math.max(config.limits.shutdownUploadsMs, config.limits.shutdownDrainMs);
  let done = false;
  void closed.then(() => {
    done = true;
  });
  while (!done) {
    const now = performance.now();
    if (now > uploadDeadline || (now > deadline && !uploading())) break;
    await Promise.race([closed, sleep(100)]);
  }
  clearInterval(idle);
  if (!done) {
    logger.warn({}, 'Cutting what did not finish in time; uploads can be resumed.');
    server.closeAllConnections();
    await closed;
    // Their handlers still write down how far they came.
    const patience = performance.now() + settleMs;
    while (uploading() && performance.now() < patience) await sleep(20);
  }
}
