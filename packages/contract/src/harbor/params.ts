import { z } from 'zod';

export const projectParams = z.object({ project_name_or_id: z.string().min(1).max(255) });

/** Whether a project that is named by digits is meant by its name. */
export const projectHeaders = z.object({ 'x-is-resource-name': z.enum(['true', 'false']).optional() });

/** A positive number that the database gave. */
export const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

export const time = z.iso.datetime({ offset: true });
