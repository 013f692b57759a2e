// canary: conventions markers are @NOTE and @TODO
// FIXME later
export const thing = 1;
