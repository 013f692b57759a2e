import { z } from 'zod';

/** Harbor's error envelope. */
export const harborErrors = z
  .object({ errors: z.array(z.object({ code: z.string(), message: z.string() })) })
  .meta({ id: 'Errors' });

/** What every operation that asks who is there may answer. */
export const signedIn = { 401: harborErrors, 403: harborErrors, 500: harborErrors } as const;

/** What every operation on something that is named may answer. */
export const onOne = { ...signedIn, 400: harborErrors, 404: harborErrors } as const;
