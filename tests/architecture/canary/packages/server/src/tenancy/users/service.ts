// canary: sound
export const listUsers = (): string => '';
