// canary: sound
export const defineVerb = 'sound';
