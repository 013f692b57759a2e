export { type Admit, createPushGate, type PushGate } from './push-gate.ts';
export type { PushedContent, PushPlace, PushPolicy, PushVerdict, Refused, UploadRoom } from './push-policy.ts';
