import { z } from 'zod';
import { time } from './params.ts';

/** Another registry, the source or target of copies. Its secret is never answered in the clear. */
export const remoteRegistry = z.object({
  id: z.int(),
  url: z.string().optional(),
  name: z.string().optional(),
  credential: z
    .object({
      type: z.string().optional(),
      access_key: z.string().optional(),
      access_secret: z.string().optional(),
    })
    .optional(),
  type: z.string().optional(),
  insecure: z.boolean().optional(),
  ca_certificate: z.string().nullish(),
  description: z.string().optional(),
  status: z.string().optional(),
  creation_time: time.optional(),
  update_time: time.optional(),
});
