import { type Digest, parseDigest } from '@entrepot/oci/digest';
import { OciNameError } from '@entrepot/oci/name-error';
import { parseTagOrDigest, type TagOrDigest } from '@entrepot/oci/reference';
import { parseRepositoryName, type RepositoryName } from '@entrepot/oci/repository-name';
import { parseTagName, type TagName } from '@entrepot/oci/tag';
import { type ErrorCode, RegistryError } from '#kernel/errors';

const codes: Readonly<Record<OciNameError['kind'], ErrorCode>> = {
  digest: 'digest-invalid',
  'digest-algorithm': 'digest-unsupported',
  'repository-name': 'name-invalid',
  tag: 'tag-invalid',
  reference: 'tag-invalid',
};

function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OciNameError) throw new RegistryError(codes[error.kind], error.message, { cause: error });
    throw error;
  }
}

/** Parsers of `@entrepot/oci` that fail with the registry's own errors. */
export const readDigest = (text: string): Digest => told(() => parseDigest(text));
export const readReference = (text: string): TagOrDigest => told(() => parseTagOrDigest(text));
export const readRepositoryName = (text: string): RepositoryName => told(() => parseRepositoryName(text));
export const readTagName = (text: string): TagName => told(() => parseTagName(text));
