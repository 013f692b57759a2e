// canary: lint eslint(no-restricted-imports)
import type { Left } from './../cycle-of-types/left.ts';

export type Copy = Left;
