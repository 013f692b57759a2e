const newline = 10;

/** Lines as they were joined by line feeds: unlike for Node's own, no other sign ends one. */
export async function* splitLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  let rest: Buffer[] = [];
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      rest.push(bytes.subarray(start, end));
      yield Buffer.concat(rest).toString();
      rest = [];
      start = end + 1;
    }
    rest.push(bytes.subarray(start));
  }
  const last = Buffer.concat(rest).toString();
  if (last !== '') yield last;
}
