// canary: conventions a door names what it exports; no export *
export * from './letters.ts';
