import { RegistryError } from './errors.ts';

/** When something is to happen, again and again. */
export interface Cron {
  /** The first time after `after`, both in milliseconds since the Unix epoch; undefined when there is none in the next ten years. */
  next(after: number): number | undefined;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly words?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const fields: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, words: months },
  // Both 0 and 7 are Sunday.
  { name: 'day of week', min: 0, max: 7, words: weekdays },
];

const second = 1000;
const day = 86_400_000;

/** The 29th of February comes after eight years at the latest. */
const horizon = 10 * 366 * day;

/**
 * Reads six fields as Harbor's schedules have them (second, minute, hour, day of month, month, day of week) with `*`,
 * `?`, lists, ranges, steps and English short names; as in other crons, either day counts when both are restricted. The
 * zone is one of IANA's. A time that a change of clocks leaves out is due when the gap ends; one that comes twice is due
 * the first time. Fails with `body-invalid`.
 */
export function parseCron(text: string, zone = 'UTC'): Cron {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length || text.length > 256) {
    throw invalid(text, 'six fields: second, minute, hour, day of month, month, day of week');
  }
  const sets = parts.map((part, at) => parseField(part.toLowerCase(), fields[at] as Field, text));
  const [seconds, minutes, hours, days, monthSet, week] = sets as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  const anyDay = isAny(parts[3]);
  const anyWeekday = isAny(parts[5]);
  const clock = createWallClock(zone);

  function matchesDay(at: Date): boolean {
    const ofMonth = days.has(at.getUTCDate());
    const ofWeek = week.has(at.getUTCDay());
    if (anyDay || anyWeekday) return ofMonth && ofWeek;
    return ofMonth || ofWeek;
  }

  /** The first matching wall time from here on; wall times are written as if they were UTC. */
  function nextWall(from: number): number | undefined {
    for (let midnight = Math.floor(from / day) * day; midnight <= from + horizon; midnight += day) {
      const date = new Date(midnight);
      if (!monthSet.has(date.getUTCMonth() + 1)) {
        midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) - day;
        continue;
      }
      if (!matchesDay(date)) continue;
      const found = firstOfDay(Math.max(from, midnight) - midnight);
      if (found !== undefined) return midnight + found;
    }
    return undefined;
  }

  function firstOfDay(from: number): number | undefined {
    for (const hour of hours) {
      if ((hour + 1) * 3_600_000 <= from) continue;
      for (const minute of minutes) {
        const start = hour * 3_600_000 + minute * 60_000;
        if (start + 60_000 <= from) continue;
        for (const each of seconds) if (start + each * second >= from) return start + each * second;
      }
    }
    return undefined;
  }

  return {
    next(after) {
      let wall = Math.floor(clock.toWall(after) / second) * second + second;
      // Each round either answers or goes on from a later wall time; a change of clocks costs a few rounds.
      for (let round = 0; round < 10_000; round++) {
        const found = nextWall(wall);
        if (found === undefined) return undefined;
        const due = clock.fromWall(found);
        if (due > after) return due;
        wall = found + second;
      }
      return undefined;
    },
  };
}

const isAny = (part: string | undefined) => part === '*' || part === '?';

function parseField(part: string, field: Field, text: string): Set<number> {
  const values = new Set<number>();
  for (const item of part.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(item) ?? [];
    const [from, to] = parseRange(range, field, text);
    const by = Number(step ?? 1);
    if (by === 0) throw invalid(text, `a step of at least 1 in the ${field.name}`);
    // `5/10` goes on from 5 to the end.
    const last = field.name === 'day of week' ? 6 : field.max;
    const end = step !== undefined && !range.includes('-') ? last : to;
    for (let value = from; value <= end; value += by) values.add(field.name === 'day of week' ? value % 7 : value);
  }
  return new Set([...values].toSorted((a, b) => a - b));
}

function parseRange(range: string, field: Field, text: string): [number, number] {
  if (isAny(range)) return [field.min, field.name === 'day of week' ? 6 : field.max];
  const ends = range.split('-').map((end) => parseNumber(end, field, text));
  const [from = 0, to = from] = ends;
  if (ends.length > 2 || to < from) throw invalid(text, `ranges that go up in the ${field.name}`);
  return [from, to];
}

function parseNumber(end: string, field: Field, text: string): number {
  const word = field.words?.indexOf(end) ?? -1;
  const value = word >= 0 ? word + (field.name === 'month' ? 1 : 0) : /^\d{1,2}$/.test(end) ? Number(end) : Number.NaN;
  if (!(value >= field.min && value <= field.max)) {
    throw invalid(text, `${field.min} to ${field.max} in the ${field.name}`);
  }
  return value;
}

function invalid(text: string, expected: string): RegistryError {
  return new RegistryError('body-invalid', `cron: ${JSON.stringify(text.slice(0, 80))} should have ${expected}.`);
}

interface WallClock {
  toWall(instant: number): number;
  fromWall(wall: number): number;
}

function createWallClock(zone: string): WallClock {
  if (zone === 'UTC') return { toWall: (instant) => instant, fromWall: (wall) => wall };
  const format = openFormat(zone);
  const toWall = (instant: number) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const {
      year = 0,
      month = 1,
      day: date = 1,
      hour = 0,
      minute = 0,
      second: seconds = 0,
    } = parts as Record<string, number>;
    return Date.UTC(year, month - 1, date, hour, minute, seconds);
  };
  return {
    toWall,
    fromWall(wall) {
      // The offsets a day before and after cover a change in between; of two instants the earlier one counts.
      const offsets = [wall - day, wall + day].map((near) => toWall(near) - near);
      const instants = offsets.map((offset) => wall - offset).toSorted((a, b) => a - b);
      const exact = instants.find((instant) => toWall(instant) === wall);
      if (exact !== undefined) return exact;
      return endOfGap(toWall, instants as [number, number], wall);
    },
  };
}

/** No instant has this wall time: the clocks jump over it, and the jump lies between the two guesses. */
function endOfGap(toWall: (instant: number) => number, [from, to]: [number, number], wall: number): number {
  let [before, after] = [from - second, to + second];
  while (after - before > second) {
    const middle = Math.floor((before + after) / 2 / second) * second;
    if (toWall(middle) < wall) before = middle;
    else after = middle;
  }
  return after;
}

function openFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new RegistryError('body-invalid', `time_zone: ${JSON.stringify(zone.slice(0, 80))} is no time zone.`);
  }
}
