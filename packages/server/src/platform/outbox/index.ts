export { createOutbox, type EventListener, type Events, type Outbox } from './outbox.ts';
