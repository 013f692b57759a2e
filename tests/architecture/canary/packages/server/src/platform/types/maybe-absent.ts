// canary: types TS2322
const texts: readonly string[] = [];
export const first: string = texts[0];
