import { keepDrill } from './drill.ts';
import { listBackups } from './list-backups.ts';
import type { Place } from './place.ts';
import { prune, type Pruned } from './prune.ts';
import type { Report } from './types.ts';
import { enterPlace } from './users.ts';
import { verify } from './verify.ts';

/** Removes what is old, when nobody else is at work in the place; `BackupUnusable` otherwise. */
async function pruneAlone(place: Place, keep: number, report: Report): Promise<Pruned> {
  await using _user = await enterPlace(place, 'prune');
  return await prune({ place, keep, report });
}

/** What is done with backups that are there. */
export const upkeep = { list: listBackups, verify, prune: pruneAlone, keepDrill } as const;
