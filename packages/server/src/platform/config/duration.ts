import { Unparsable } from './unparsable.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const longest = 36_500 * 86_400_000;

/** Reads `60s`, `15m`, `1h30m`, `168h` or `7d` as milliseconds. A bare number is refused: its unit would be a guess. */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) throw new Unparsable(`a duration with its unit: write ${trimmed}s for seconds`);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) {
    throw new Unparsable('a duration such as 500ms, 60s, 15m, 1h30m, 168h or 7d');
  }
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (units[unit ?? ''] ?? Number.NaN);
  }
  if (!(total <= longest)) throw new Unparsable('a duration of at most 36500d');
  return Math.round(total);
}
