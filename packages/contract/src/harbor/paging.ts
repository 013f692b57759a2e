import { z } from 'zod';

/** Harbor's most, which its clients count on. */
export const largestPage = 100;

/**
 * `page` counts from one, and 0 is the first as well: clients send it where nobody said which. A `page_size` of nothing
 * or less asks for as much as one answer holds.
 */
export const pageQuery = {
  page: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional(),
  page_size: z.int().min(-1).max(largestPage).optional(),
};

/** Harbor's list parameters: a filter in its `q` language, `sort=a,-b`, and a page. */
export const listQuery = {
  q: z.string().max(4096).optional(),
  sort: z.string().max(255).optional(),
  ...pageQuery,
};
