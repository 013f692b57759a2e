// canary: sound
export type Permission = 'artifact:list';
