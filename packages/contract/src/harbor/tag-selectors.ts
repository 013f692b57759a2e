import { z } from 'zod';
import { id } from './params.ts';
import { optionalFlag, optionalId, optionalText, optionalWord } from './request-fields.ts';

/** Retention and immutability choose tags and repositories in the same shape. */
const selector = (name: string) =>
  z
    .object({
      kind: z.string().optional(),
      decoration: z.string().optional(),
      pattern: z.string().optional(),
      /** JSON as text. */
      extras: z.string().optional(),
    })
    .meta({ id: name });

const selectorRequest = <const W extends readonly string[]>(decorations: W) =>
  z.object({
    kind: optionalWord(['doublestar']),
    decoration: optionalWord(decorations),
    pattern: z.string().min(1).max(1024),
    extras: optionalText(1024),
  });

export const tagRule = (name: string, selectorName: string) => {
  const chosen = z.array(selector(selectorName));
  return z
    .object({
      id: id.optional(),
      priority: z.int().optional(),
      disabled: z.boolean().optional(),
      action: z.string().optional(),
      template: z.string().optional(),
      params: z.record(z.string(), z.unknown()).optional(),
      tag_selectors: chosen.optional(),
      scope_selectors: z.record(z.string(), chosen).optional(),
    })
    .meta({ id: name });
};

export const tagRuleRequest = <const A extends string, const T extends readonly string[]>(
  name: string,
  action: A,
  templates: T,
) =>
  z
    .object({
      id: optionalId,
      priority: z
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .nullish(),
      disabled: optionalFlag,
      action: optionalWord([action]),
      template: optionalWord(templates),
      // A count under the template's own name; some clients write it as text.
      params: z.record(z.string().max(64), z.union([z.int(), z.string().max(255)]).nullable()).nullish(),
      tag_selectors: z
        .array(selectorRequest(['matches', 'excludes']))
        .max(100)
        .nullish(),
      scope_selectors: z
        .object({
          repository: z
            .array(selectorRequest(['repoMatches', 'repoExcludes']))
            .max(100)
            .nullish(),
        })
        .nullish(),
    })
    .meta({ id: name });
