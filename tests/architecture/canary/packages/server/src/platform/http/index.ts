// canary: sound
export const http = 'http';
