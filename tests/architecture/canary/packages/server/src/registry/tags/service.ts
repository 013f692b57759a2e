// canary: sound
export const listTags = (): string => '';
