import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { parseRangeHeader } from '@entrepot/oci/range';
import { RegistryError } from '#kernel/errors';
import type { Reply } from './exchange.ts';

interface Range {
  readonly first: number;
  readonly last: number;
}

export interface RangedContent {
  readonly size: number;
  readonly contentType: string;
  /** A strong validator, with its quotes. */
  readonly etag: string;
  readonly headers: readonly string[];
  open(range?: Range): Promise<Readable | Uint8Array>;
}

/**
 * Answers a GET or HEAD of content that supports ranges: whole, one range, or several as `multipart/byteranges`
 * (RFC 9110 §14). `If-Range` with another validator asks for the whole (§13.1.5).
 */
export async function rangedReply(
  content: RangedContent,
  request: { readonly method: string; readonly range: string | undefined; readonly ifRange: string | undefined },
): Promise<Reply> {
  const common = [...content.headers, 'ETag', content.etag, 'Accept-Ranges', 'bytes'];
  const asked = request.ifRange === undefined || request.ifRange === content.etag ? request.range : undefined;
  const parsed = asked === undefined ? ({ kind: 'whole' } as const) : parseRangeHeader(asked, content.size);
  if (parsed.kind === 'unsatisfiable') {
    throw new RegistryError('range-unsatisfiable', `The range ${asked} lies outside of ${content.size} bytes.`, {
      detail: { size: content.size },
    });
  }
  const read = async (range?: Range) => (request.method === 'HEAD' ? undefined : await content.open(range));
  if (parsed.kind === 'whole') {
    const headers = [...common, 'Content-Type', content.contentType, 'Content-Length', String(content.size)];
    return reply(200, headers, await read());
  }
  const [only] = parsed.ranges;
  if (parsed.ranges.length === 1 && only !== undefined) {
    const length = String(only.last - only.first + 1);
    const span = contentRange(only, content.size);
    const headers = [...common, 'Content-Type', content.contentType, 'Content-Length', length, 'Content-Range', span];
    return reply(206, headers, await read(only));
  }
  return multipartReply(content, parsed.ranges, common, request.method === 'HEAD');
}

function reply(status: number, headers: string[], body: Readable | Uint8Array | undefined): Reply {
  return body === undefined ? { status, headers } : { status, headers, body };
}

function contentRange(range: Range, size: number): string {
  return `bytes ${range.first}-${range.last}/${size}`;
}

function multipartReply(content: RangedContent, ranges: readonly Range[], common: string[], head: boolean): Reply {
  const boundary = randomBytes(16).toString('hex');
  const part = (range: Range) =>
    `\r\n--${boundary}\r\nContent-Type: ${content.contentType}\r\nContent-Range: ${contentRange(range, content.size)}\r\n\r\n`;
  const end = `\r\n--${boundary}--\r\n`;
  const length = ranges.reduce((sum, range) => sum + part(range).length + range.last - range.first + 1, end.length);
  async function* write() {
    for (const range of ranges) {
      yield Buffer.from(part(range));
      const bytes = await content.open(range);
      if (bytes instanceof Uint8Array) yield bytes;
      else yield* bytes;
    }
    yield Buffer.from(end);
  }
  const headers = [
    ...common,
    'Content-Type',
    `multipart/byteranges; boundary=${boundary}`,
    'Content-Length',
    String(length),
  ];
  return reply(206, headers, head ? undefined : Readable.from(write(), { objectMode: false }));
}
