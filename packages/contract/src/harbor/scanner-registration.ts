import { z } from 'zod';
import { time } from './params.ts';

/** A scanner that is registered, as anybody may read it who may read scanners. */
export const scannerRegistration = z.object({
  uuid: z.string().optional(),
  name: z.string().optional(),
  description: z.string(),
  url: z.string().optional(),
  disabled: z.boolean(),
  is_default: z.boolean(),
  auth: z.string(),
  /** Harbor has the field; it is always empty here, for it is a secret. */
  access_credential: z.literal(''),
  skip_certVerify: z.boolean(),
  use_internal_addr: z.boolean(),
  create_time: time.optional(),
  update_time: time.optional(),
  adapter: z.string().optional(),
  vendor: z.string().optional(),
  version: z.string().optional(),
  health: z.string().optional(),
  capabilities: z.record(z.string(), z.unknown()).optional(),
});
