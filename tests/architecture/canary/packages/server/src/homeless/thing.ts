// canary: sound
export const thing = 1;
