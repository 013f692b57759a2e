// canary: sound
export const name = 'entrepot';
