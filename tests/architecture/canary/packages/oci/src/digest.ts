// canary: sound
export type Digest = string & { readonly __brand: 'Digest' };
