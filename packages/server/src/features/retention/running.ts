import { isDigest } from '@entrepot/oci/digest';
import type { RunningImage } from './types.ts';

/**
 * Reads an image as a cluster names it: `hub.example.com/team/app:v1@sha256:…`, with or without host, tag and digest, or
 * a digest alone. Undefined for what is not of the project.
 */
export function readRunning(text: string, projectName: string): Omit<RunningImage, 'reportedAt'> | undefined {
  // As in docker-pullable://…
  const plain = text.trim().replace(/^[a-z][a-z0-9-]*:\/\//, '');
  if (isDigest(plain)) return { repository: undefined, tag: undefined, digest: plain };
  const [reference = '', digest] = plain.split('@', 2);
  if (digest !== undefined && !isDigest(digest)) return undefined;
  const [, name = '', tag] = /^(.*?)(?::([\w][\w.-]{0,127}))?$/.exec(reference) ?? [];
  const parts = name.split('/');
  const from = parts[0] === projectName ? 0 : 1;
  if (parts[from] !== projectName || parts.length < from + 2) return undefined;
  if (tag === undefined && digest === undefined)
    return { repository: parts.slice(from).join('/'), tag: 'latest', digest };
  return { repository: parts.slice(from).join('/'), tag, digest };
}
