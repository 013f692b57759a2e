import { formatBytes } from '#kernel/size';
import type { Refused } from '#registry/ports';
import type { Amounts } from './types.ts';

/** From here on pushes bring a warning; Harbor's figure. */
const nearlyFull = 0.85;

const formats: Readonly<Record<keyof Amounts, (amount: number) => string>> = { storage: formatBytes, count: String };

const mends: Readonly<Record<keyof Amounts, string>> = {
  storage: 'Delete what is not needed, or have an administrator raise the limit on bytes.',
  count: 'Delete artifacts that are not needed, or have an administrator raise the limit on their number.',
};

/** Harbor's sentence, which tools look for, and what to do about it. */
export function refuse(resource: keyof Amounts, adding: number, used: number, hard: number): Refused {
  const format = formats[resource];
  return {
    kind: 'refused',
    code: 'quota-exceeded',
    message: `adding ${format(adding)} of ${resource} resource, which when updated to current usage of ${format(used)} will exceed the configured upper limit of ${format(hard)}. ${mends[resource]}`,
  };
}

/** What to say to who pushes into a project that will use so much; nothing while there is room. */
export function warningAbout(used: Amounts, hard: Amounts): string | undefined {
  const nearly = (resource: keyof Amounts) => hard[resource] >= 0 && used[resource] > hard[resource] * nearlyFull;
  const share = (resource: keyof Amounts) => Math.floor((used[resource] / hard[resource]) * 100);
  const parts = [
    ...(nearly('storage')
      ? [`${formatBytes(used.storage)} of its ${formatBytes(hard.storage)} of storage, ${share('storage')} %`]
      : []),
    ...(nearly('count') ? [`${used.count} of its ${hard.count} artifacts, ${share('count')} %`] : []),
  ];
  return parts.length === 0 ? undefined : `The project uses ${parts.join(', and ')}.`;
}

/**
 * Whether so much room is left that pushes which do not wait for each other cannot overrun the limit together: with at
 * most 256 transactions under way, each adding at most a 1024th of what it saw left, while at least a quarter of the
 * limit is free. `margin` asks for so many times more.
 */
export function isFarFromFull(adding: number, { used, hard }: { used: number; hard: number }, margin = 1): boolean {
  if (hard < 0 || adding === 0) return true;
  const left = hard - used - adding;
  return left >= margin * Math.max(1024 * adding, hard / 4);
}

/** A limit is a number above 0, or -1 for none. */
export const isLimit = (hard: number): boolean => Number.isSafeInteger(hard) && (hard > 0 || hard === -1);
