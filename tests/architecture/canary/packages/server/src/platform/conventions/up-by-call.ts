// canary: conventions never up, in import() either
export const load = (): Promise<unknown> => import('../db/index.ts');
