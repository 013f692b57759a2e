import type { Cluster, Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';

interface Ask {
  readonly kind: 'entrepot-metrics-ask';
  readonly id: number;
}

interface Answer {
  readonly kind: 'entrepot-metrics';
  readonly id: number;
  readonly text?: string;
  readonly error?: string;
}

/** In the primary process: adds up what the workers counted, for whichever of them was scraped. */
export function answerMetricsOf(cluster: Cluster): void {
  const aggregator = new AggregatorRegistry();
  cluster.on('message', (worker: Worker, message: Ask) => {
    if (message?.kind !== 'entrepot-metrics-ask') return;
    const answer = (rest: { text: string } | { error: string }) => {
      const whole: Answer = { kind: 'entrepot-metrics', id: message.id, ...rest };
      if (worker.isConnected()) worker.send(whole);
    };
    aggregator.clusterMetrics().then(
      (text) => answer({ text }),
      (error: unknown) => answer({ error: String(error) }),
    );
  });
}

/** In a worker: gives the registry to the sum, and asks the primary for the sum of all. */
export function renderThroughPrimary(registry: Registry): () => Promise<string> {
  AggregatorRegistry.setRegistries([registry]);
  void new AggregatorRegistry();
  const waiting = new Map<number, { resolve: (text: string) => void; reject: (error: Error) => void }>();
  let asked = 0;
  process.on('message', (message: Answer) => {
    if (message?.kind !== 'entrepot-metrics') return;
    const asker = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.text === undefined) asker?.reject(new Error(message.error ?? 'no metrics'));
    else asker?.resolve(message.text);
  });
  return () =>
    new Promise((resolve, reject) => {
      asked += 1;
      waiting.set(asked, { resolve, reject });
      const ask: Ask = { kind: 'entrepot-metrics-ask', id: asked };
      process.send?.(ask);
    });
}
