import { RegistryError } from '#kernel/errors';
import { createGlob } from '#kernel/glob';
import { eventTypeNames, isEventType } from './event-types.ts';
import type { NewPolicy, WebhookPolicy } from './types.ts';

/** What stands for a secret that is kept; sent back, it means that secret. */
export const keptSecret = '*****';

/** Fails with `body-invalid` or `target-refused`, naming the field. Nothing is asked of any network. */
export function assertPolicy(policy: NewPolicy, checkTarget: (url: string, field: string) => void): void {
  const unknown = policy.eventTypes.find((name) => !isEventType(name));
  if (unknown !== undefined) {
    throw invalid('event_types', `there is no ${unknown.slice(0, 64)}; there are ${eventTypeNames.join(', ')}`);
  }
  const seen = new Set<string>();
  for (const [at, target] of policy.targets.entries()) {
    const field = `targets.${at}`;
    checkTarget(target.address, `body.${field}.address`);
    const key = `${target.type} ${target.address}`;
    if (seen.has(key)) throw invalid(`${field}.address`, 'the same target is named twice');
    seen.add(key);
    if (target.authHeader !== undefined && !/^[\x20-\x7e]*$/.test(target.authHeader)) {
      throw invalid(`${field}.auth_header`, 'a header holds printable ASCII only');
    }
  }
}

export function assertPattern(field: string, pattern: string): void {
  try {
    createGlob(pattern);
  } catch {
    throw invalid(field, 'is no pattern');
  }
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('body-invalid', `body.${field}: ${message}.`);
}

/** A policy for the audit: without its secrets, and without what stands behind the question mark of an address. */
export function auditStateOf(policy: Omit<WebhookPolicy, 'id' | 'projectId' | 'createdAt' | 'updatedAt' | 'creator'>) {
  return {
    name: policy.name,
    description: policy.description,
    enabled: policy.enabled,
    event_types: policy.eventTypes,
    repositories: policy.repositories,
    tags: policy.tags,
    signed: policy.isSigned,
    targets: policy.targets.map((target) => ({
      type: target.type,
      address: target.address.replace(/\?.*$/s, '?…'),
      auth_header: target.hasAuthHeader,
      skip_cert_verify: target.skipCertVerify,
      payload_format: target.payloadFormat,
    })),
  };
}
