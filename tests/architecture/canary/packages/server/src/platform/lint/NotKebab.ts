// canary: lint unicorn(filename-case)
export const thing = 1;
