import { monitorEventLoopDelay } from 'node:perf_hooks';
import { renderThroughPrimary } from './cluster-metrics.ts';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface FinishedRequest {
  /** The route's template, never the path: labels stay few. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Metrics extends Disposable {
  requestFinished(request: FinishedRequest): void;
  requestStarted(): void;
  /** Registers a figure that is read when somebody asks; `over` says what it is over several processes, their sum if absent. */
  gauge(name: string, help: string, read: () => number | Promise<number>, over?: 'sum' | 'max' | 'first'): void;
  /** The Prometheus text format. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** From a cached manifest to an hour of a layer over a slow line. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600];

interface RouteInstruments {
  readonly byStatus: Map<number, Counter.Internal>;
  readonly duration: Histogram.Internal<'route' | 'method'>;
}

/** With `shared`, the process is one of several, and what is rendered is the sum of all. */
export function createMetrics(version: string, options: { readonly shared?: boolean } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'entrepot_http_requests_total',
    help: 'Requests answered, by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'entrepot_http_request_duration_seconds',
    help: 'Time from the first header to the last byte of the answer.',
    labelNames: ['route', 'method'],
    buckets: durationBuckets,
    registers,
  });
  const received = new Counter({
    name: 'entrepot_http_received_bytes_total',
    help: 'Bytes of request bodies.',
    registers,
  });
  const sent = new Counter({ name: 'entrepot_http_sent_bytes_total', help: 'Bytes of response bodies.', registers });
  let inFlight = 0;
  const gauge: Metrics['gauge'] = (name, help, read, over = 'sum') => {
    new Gauge({
      name,
      aggregator: over,
      help,
      registers,
      async collect() {
        try {
          this.set(await read());
        } catch {
          // A figure that cannot be had now does not take the others with it.
          this.set(Number.NaN);
        }
      },
    });
  };
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  gauge('entrepot_http_requests_in_flight', 'Requests being answered now.', () => inFlight);
  gauge('entrepot_process_resident_memory_bytes', 'Resident memory of this process.', () => process.memoryUsage.rss());
  gauge('entrepot_process_uptime_seconds', 'Seconds since the process started.', () => process.uptime(), 'max');
  gauge(
    'entrepot_event_loop_delay_p99_seconds',
    'Delay of the event loop, 99th percentile since the last look.',
    () => {
      const seconds = loop.percentile(99) / 1e9;
      loop.reset();
      return seconds;
    },
    'max',
  );
  new Gauge({
    name: 'entrepot_build_info',
    aggregator: 'first',
    help: 'Always 1; the labels tell the build.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);

  // Children are looked up once per route and status, not per request.
  const instruments = new Map<string, RouteInstruments>();
  function instrumentsOf(route: string, method: string): RouteInstruments {
    const key = `${method} ${route}`;
    let found = instruments.get(key);
    if (found === undefined) {
      found = { byStatus: new Map(), duration: duration.labels({ route, method }) };
      instruments.set(key, found);
    }
    return found;
  }

  const text = options.shared === true ? renderThroughPrimary(registry) : () => registry.metrics();
  return {
    requestStarted() {
      inFlight += 1;
    },
    requestFinished(request) {
      inFlight -= 1;
      const method = knownMethods.has(request.method) ? request.method : 'other';
      const of = instrumentsOf(request.route, method);
      let counter = of.byStatus.get(request.status);
      if (counter === undefined) {
        counter = requests.labels({ route: request.route, method, status: String(request.status) });
        of.byStatus.set(request.status, counter);
      }
      counter.inc();
      of.duration.observe(request.seconds);
      if (request.bytesIn > 0) received.inc(request.bytesIn);
      if (request.bytesOut > 0) sent.inc(request.bytesOut);
    },
    gauge,
    render: async () => ({ contentType: registry.contentType, text: await text() }),
    [Symbol.dispose]: () => loop.disable(),
  };
}
