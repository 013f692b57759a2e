// canary: conventions use @ts-expect-error with a reason
// @ts-ignore because
export const wrong: string = 1;
