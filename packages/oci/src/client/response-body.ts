import type { HttpResponse } from './http-exchange.ts';

/**
 * Reads a whole body of at most `limit` bytes. Throws RangeError when it is longer, and what the connection throws.
 * The body is released in every case.
 */
export async function readBytes(response: HttpResponse, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > limit) {
      throw new RangeError(`the answer has more than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
