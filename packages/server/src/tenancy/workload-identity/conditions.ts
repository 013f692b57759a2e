import { RegistryError } from '#kernel/errors';
import { createGlob } from '#kernel/glob';
import type { ClaimCondition } from './types.ts';

type Claims = Readonly<Record<string, unknown>>;

/** What an issuer writes into one claim and is looked at. */
const longestValue = 1024;
const mostValues = 500;

function step(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Claims)[name];
}

/** `/kubernetes.io/namespace` as RFC 6901 has it; a whole name; or names with dots between. */
function findClaim(claims: Claims, claim: string): unknown {
  if (claim.startsWith('/')) {
    const names = claim.slice(1).split('/');
    return names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')).reduce(step, claims);
  }
  if (Object.hasOwn(claims, claim)) return claims[claim];
  return claim.split('.').reduce(step, claims as unknown);
}

function textsOf(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value.slice(0, mostValues) : [value];
  return values
    .filter((one) => typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')
    .map(String)
    .filter((text) => text.length <= longestValue);
}

/** Whether the claims say what is asked of them. A claim that is not there says nothing. */
export function meets(claims: Claims, conditions: readonly ClaimCondition[]): boolean {
  return (
    conditions.length > 0 &&
    conditions.every(({ claim, values }) => {
      const texts = textsOf(findClaim(claims, claim));
      return values.some((pattern) => texts.some(createGlob(pattern)));
    })
  );
}

/**
 * Fails with `body-invalid` for what is no pattern, and for conditions that let everybody of the issuer in, which for a
 * public one is everybody.
 */
export function assertConditions(conditions: readonly ClaimCondition[]): void {
  for (const [at, { claim, values }] of conditions.entries()) {
    const field = `body.conditions.${at}`;
    if (claim.includes('\0')) throw new RegistryError('body-invalid', `${field}.claim: no NUL.`);
    for (const pattern of values) {
      try {
        createGlob(pattern);
      } catch {
        throw new RegistryError('body-invalid', `${field}.values: ${JSON.stringify(pattern)} is no pattern.`);
      }
    }
  }
  // Of issuer and audience the token is asked anyway; they single nobody out.
  const singling = conditions.some(
    ({ claim, values }) =>
      !['iss', 'aud', '/iss', '/aud'].includes(claim) && values.every((pattern) => /[^*?/{},]/.test(pattern)),
  );
  if (!singling) {
    throw new RegistryError(
      'body-invalid',
      'body.conditions: one of them has to single somebody out; as they are, every token of the issuer would do.',
    );
  }
}
