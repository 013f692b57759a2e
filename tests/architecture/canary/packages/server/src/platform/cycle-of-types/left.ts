// canary: imports no-cycles
// canary: lint import(no-cycle)
import type { Right } from './right.ts';

export type Left = { readonly right: Right | undefined };
