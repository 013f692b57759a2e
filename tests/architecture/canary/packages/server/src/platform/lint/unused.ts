// canary: lint eslint(no-unused-vars)
// canary: types TS6133
const unused = 1;
export const used = 2;
