// canary: lint import(no-cycle)
import type { Left } from './left.ts';

export type Right = { readonly left: Left | undefined };
