/** A path under /v2, taken apart. Every field is text from the client, percent-decoded but not validated. */
export type DistributionPath =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'extensions' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: string }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: string };

const hidesStructure = '/\\%?#';

/** Decodes `%XX` once; undefined when an escape is broken or hides a separator, a control or a non-ASCII byte. */
function decodePath(path: string): string | undefined {
  let decoded = '';
  let from = 0;
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', from)) {
    const hex = path.slice(at + 1, at + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) {
      return undefined;
    }
    const code = Number.parseInt(hex, 16);
    const character = String.fromCharCode(code);
    if (code < 0x20 || code > 0x7e || hidesStructure.includes(character)) {
      return undefined;
    }
    decoded += path.slice(from, at) + character;
    from = at + 3;
  }
  return decoded + path.slice(from);
}

function readFixed(path: string): DistributionPath | undefined {
  switch (path) {
    case '/v2':
    case '/v2/':
      return { kind: 'base' };
    case '/v2/_catalog':
      return { kind: 'catalog' };
    case '/v2/_oci/ext/discover':
      return { kind: 'extensions' };
    default:
      return undefined;
  }
}

/**
 * Takes a request path (without query) apart from its right end, so that a repository name may itself contain the
 * components blobs, manifests, uploads, tags and referrers. Every path has one reading or none: undefined means that
 * no endpoint has this shape. Names and digests are not validated here. Never throws.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints
 */
export function parseDistributionPath(path: string): DistributionPath | undefined {
  const text = path.includes('%') ? decodePath(path) : path;
  if (text === undefined) {
    return undefined;
  }
  const fixed = readFixed(text);
  if (fixed !== undefined || !text.startsWith('/v2/')) {
    return fixed;
  }
  const lastSlash = text.lastIndexOf('/');
  if (lastSlash === text.length - 1) {
    return text.endsWith('/blobs/uploads/') && text.length > 19
      ? { kind: 'uploads', name: text.slice(4, -15) }
      : undefined;
  }
  const nounSlash = text.lastIndexOf('/', lastSlash - 1);
  if (nounSlash <= 4) {
    return undefined;
  }
  return readEndpoint(text.slice(4, nounSlash), text.slice(nounSlash + 1, lastSlash), text.slice(lastSlash + 1));
}

function readEndpoint(name: string, noun: string, last: string): DistributionPath | undefined {
  switch (noun) {
    case 'manifests':
      return { kind: 'manifest', name, reference: last };
    case 'blobs':
      return last === 'uploads' ? { kind: 'uploads', name } : { kind: 'blob', name, digest: last };
    case 'uploads':
      return name.endsWith('/blobs') && name.length > 6
        ? { kind: 'upload', name: name.slice(0, -6), id: last }
        : undefined;
    case 'tags':
      return last === 'list' ? { kind: 'tags', name } : undefined;
    case 'referrers':
      return { kind: 'referrers', name, digest: last };
    default:
      return undefined;
  }
}
