// canary: types TS1294
export class Box {
  constructor(readonly content: string) {}
}
