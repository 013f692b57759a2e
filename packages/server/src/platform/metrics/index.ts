export { answerMetricsOf } from './cluster-metrics.ts';
export { createMetrics, type Metrics } from './metrics.ts';
