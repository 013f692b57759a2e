export { withConstantCeiling } from './constant-ceiling.ts';
export type { OutboundAnswer } from './exchange.ts';
export {
  createGuardedRequest,
  createTargetCheck,
  type GuardedRequest,
  type OutboundRequest,
} from './guarded-request.ts';
export { createOutboundRules, type OutboundRules } from './rules.ts';
