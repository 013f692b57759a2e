export { createDeliveryHandlers, targetTypeOf } from './deliveries.ts';
export { eventTypeNames } from './event-types.ts';
export { createPullNotes, createWebhookListener } from './listener.ts';
export { keptSecret } from './rules.ts';
export { createWebhooks, type Webhooks } from './service.ts';
export { createWebhookStore } from './store.ts';
export type { NewPolicy, WebhookPolicy } from './types.ts';
