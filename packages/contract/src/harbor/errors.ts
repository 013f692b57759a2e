import { z } from 'zod';

/** Harbor's error envelope. */
export const harborErrors = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string() })),
});
