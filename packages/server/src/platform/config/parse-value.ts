import { resolve } from 'node:path';
import { parseCidr } from './cidr.ts';
import { parseDuration } from './duration.ts';
import { parseExternalUrl } from './external-url.ts';
import type { ListenAddress } from './listen.ts';
import { parseListen } from './listen.ts';
import { type OutboundTarget, parseOutboundTarget, parsePortRange, type PortRange } from './outbound-targets.ts';
import type { ConfigKind, ConfigRow } from './row.ts';
import { parseSize } from './size.ts';
import { Unparsable } from './unparsable.ts';

/** What the text of each kind becomes. */
export interface ValueByKind {
  readonly text: string;
  /** Absolute. */
  readonly path: string;
  readonly bool: boolean;
  readonly choice: string;
  readonly integer: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Bytes. */
  readonly size: number;
  readonly listen: ListenAddress;
  readonly url: string;
  /** Each as `address/prefix`. */
  readonly cidrs: readonly string[];
  readonly targets: readonly OutboundTarget[];
  readonly ports: readonly PortRange[];
  readonly secret: string;
}

function parseBool(text: string): boolean {
  const word = text.toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(word)) return true;
  if (['false', 'no', 'off', '0'].includes(word)) return false;
  throw new Unparsable('true or false');
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Unparsable('a whole number');
  return value;
}

function parseText(text: string, row: ConfigRow): string {
  if (row.pattern !== undefined && !row.pattern.matches.test(text)) throw new Unparsable(row.pattern.expected);
  return text;
}

function parseChoice(text: string, row: ConfigRow): string {
  const choices = row.choices ?? [];
  if (!choices.includes(text)) throw new Unparsable(`one of ${choices.join(', ')}`);
  return text;
}

function parseList<Value>(text: string, parse: (item: string) => Value): Value[] {
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '').map(parse);
}

function withinBounds(parse: (text: string) => number): (text: string, row: ConfigRow) => number {
  return (text, { min, max }) => {
    const value = parse(text);
    if (min !== undefined && value < parse(min)) throw new Unparsable(`at least ${min}`);
    if (max !== undefined && value > parse(max)) throw new Unparsable(`at most ${max}`);
    return value;
  };
}

const parsers: { readonly [Kind in ConfigKind]: (text: string, row: ConfigRow) => ValueByKind[Kind] } = {
  text: parseText,
  path: (text) => resolve(text),
  bool: parseBool,
  choice: parseChoice,
  integer: withinBounds(parseInteger),
  duration: withinBounds(parseDuration),
  size: withinBounds(parseSize),
  listen: parseListen,
  url: parseExternalUrl,
  cidrs: (text) => parseList(text, parseCidr),
  targets: (text) => parseList(text, parseOutboundTarget),
  ports: (text) => parseList(text, parsePortRange),
  secret: (text) => text,
};

/** Reads a text as the row asks, or throws `Unparsable` with what was expected. */
export function parseValue(row: ConfigRow, text: string): ValueByKind[ConfigKind] {
  return parsers[row.kind](row.kind === 'secret' ? text : text.trim(), row);
}
