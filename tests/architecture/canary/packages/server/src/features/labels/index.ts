// canary: sound
export const listLabels = (): string => '';
