import { UsageError } from '#src/failures/failures';

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a moment as a time, a day, or how long ago it was: `2026-01-31T12:00:00Z`, `2026-01-31`, `90m`, `24h`, `7d`.
 * Answers with it in RFC 3339. Throws UsageError naming the option.
 */
export function readMoment(text: string | undefined, option: string, now: number): string | undefined {
  if (text === undefined) {
    return undefined;
  }
  const [, amount, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const time =
    amount === undefined
      ? Date.parse(/^\d{4}-\d{2}-\d{2}/.test(text) ? text : 'no time')
      : now - Number(amount) * (unitMs[unit] ?? 0);
  if (Number.isNaN(time)) {
    throw new UsageError(
      `${option} is ${JSON.stringify(text)}; expected a time as 2026-01-31T12:00:00Z, a day, or how long ago as 24h or 7d`,
    );
  }
  return new Date(time).toISOString();
}
