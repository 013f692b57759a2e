// canary: conventions a suppression names its reason on the same line
// @ts-expect-error
export const wrong: string = 1;
