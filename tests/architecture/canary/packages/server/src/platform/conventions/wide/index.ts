// canary: conventions 13 names; a front door has at most 12
export { a, b, c, d, e, f, g, h, i, j, k, l, m } from './letters.ts';
