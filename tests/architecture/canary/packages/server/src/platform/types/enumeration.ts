// canary: types TS1294
export enum Colour {
  Red = 1,
}
