// canary: lint eslint(no-restricted-imports)
import { db } from '../db/index.ts';

export const copy = db;
