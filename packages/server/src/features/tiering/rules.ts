import type { Candidate, ProjectTiering, TieringPolicy } from './types.ts';

/** What holds in a project: its own word where it has one. */
export function policyOf(general: TieringPolicy, own: ProjectTiering | undefined): TieringPolicy {
  if (own === undefined) return general;
  return {
    enabled: own.enabled,
    afterMs: own.afterMs ?? general.afterMs,
    minSize: own.minSize ?? general.minSize,
  };
}

/** Whether a blob of the hot tier is to go: every project that holds it lets it, and somebody holds it. */
export function isCold(candidate: Candidate, policies: readonly TieringPolicy[], now: number): boolean {
  return (
    policies.length > 0 &&
    policies.every(
      ({ enabled, afterMs, minSize }) => enabled && candidate.size >= minSize && now - candidate.usedAt >= afterMs,
    )
  );
}
