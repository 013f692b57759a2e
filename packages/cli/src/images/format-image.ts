import { formatBytes } from '#src/output/byte-size';
import { formatFields, formatTable } from '#src/output/table';
import type { ShownImage } from './describe-image.ts';

type Fields = (readonly [string, string | undefined])[];

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function pairs(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).map(([name, text]) => `${name}=${text}`)
    : [];
}

function listConfig(config: Readonly<Record<string, unknown>> | undefined): Fields {
  const quoted = (value: unknown) => (texts(value).length === 0 ? undefined : JSON.stringify(value));
  const user = config?.['User'];
  const folder = config?.['WorkingDir'];
  return [
    ['User', typeof user === 'string' ? user : undefined],
    ['Entrypoint', quoted(config?.['Entrypoint'])],
    ['Command', quoted(config?.['Cmd'])],
    ['Folder', typeof folder === 'string' ? folder : undefined],
    ['Ports', Object.keys(config?.['ExposedPorts'] ?? {}).join(', ')],
    ...texts(config?.['Env']).map((text) => ['Environment', text] as const),
    ...pairs(config?.['Labels']).map((text) => ['Label', text] as const),
  ];
}

/** Puts an image into words and tables for people. Never fails. */
export function formatImage(image: ShownImage): string {
  const { contentSize, layers, platforms } = image;
  const fields = formatFields([
    ['Name', image.name],
    ['Digest', image.digest],
    ['Type', image.mediaType],
    ['Artifact', image.artifactType],
    ['Subject', image.subject],
    ['Platform', image.platform],
    ['Created', image.created],
    ['Size', contentSize === undefined ? undefined : formatBytes(contentSize)],
    ...pairs(image.annotations).map((text) => ['Annotation', text] as const),
    ...listConfig(image.config),
  ]);
  const children = (platforms ?? []).map(({ platform, digest, size, mediaType }) => [
    platform || '-',
    digest,
    formatBytes(size),
    mediaType,
  ]);
  const parts = (layers ?? []).map(({ digest, size, mediaType, title }, place) => [
    String(place + 1),
    digest,
    formatBytes(size),
    title ?? mediaType,
  ]);
  return [
    fields,
    ...(children.length === 0 ? [] : ['\n', formatTable(['PLATFORM', 'DIGEST', 'MANIFEST', 'TYPE'], children)]),
    ...(parts.length === 0 ? [] : ['\n', formatTable(['LAYER', 'DIGEST', 'SIZE', 'TYPE'], parts)]),
  ].join('');
}
