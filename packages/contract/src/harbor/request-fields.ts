import { z } from 'zod';

// Clients of Harbor send every field of a model: what was not chosen comes as null, as an empty text, as nought or not at all.

/** A text that may be left out, at most so many characters. */
export const optionalText = (most: number) => z.string().max(most).nullish();

/** One of these words; the empty text stands for none. */
export const optionalWord = <const W extends readonly string[]>(words: W) => z.enum([...words, '']).nullish();

export const optionalFlag = z.boolean().nullish();

/** The id of something else; nought stands for none. */
export const optionalId = z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullish();

/** A name that a person gives, where one must be given. */
export const givenName = z.string().min(1).max(255);

/** An address that somebody types in; whether it may be asked is the server's to say. */
export const address = z.string().min(1).max(2048);

/** A PEM text of certificates. */
export const certificates = optionalText(65_536);

/** Six fields, seconds first, as Harbor writes them. */
export const cron = optionalText(255);
