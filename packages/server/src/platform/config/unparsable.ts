/** A text that is not what its kind asks for. The message completes the sentence "expected …". */
export class Unparsable extends Error {
  constructor(expected: string) {
    super(expected);
    this.name = 'Unparsable';
  }
}
