import type { Forgotten } from './forget-credentials.ts';

/** Says what was forgotten. Never fails. */
export function formatForgotten(forgotten: readonly Forgotten[], registry: string | undefined): string {
  if (forgotten.length === 0) {
    return `There were no credentials for ${registry ?? 'any registry'}.\n`;
  }
  return forgotten.map(({ registry: host, place }) => `Logged out of ${host}; removed from ${place}.\n`).join('');
}
