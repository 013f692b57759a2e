export { type Admit, createPushGate, isPushRefused, type PushGate } from './push-gate.ts';
export type { TagGuard, TagPolicy } from './tag-policy.ts';
export type { PushedContent, PushPlace, PushPolicy, PushVerdict, Refused, UploadRoom } from './push-policy.ts';
