import type { Verb } from './verb.ts';

/** A verb before it is loaded. */
export interface VerbEntry {
  /** `ls`, or with the noun it belongs to: `audit ls`. */
  readonly name: string;
  /** Its line in the list of verbs. */
  readonly summary: string;
  load(): Promise<Verb>;
}
