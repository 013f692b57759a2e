import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Descriptor } from '@entrepot/oci/descriptor';
import { type ParsedManifest, parseManifest } from '@entrepot/oci/manifest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import { RegistryError } from '#kernel/errors';
import type { Blobs } from '#registry/blobs';
import type { Manifests } from '#registry/manifests';
import type { Project } from '#tenancy/projects';
import { findTarEntry } from './tar-entry.ts';

export type AdditionName =
  | 'build_history'
  | 'values.yaml'
  | 'readme.md'
  | 'dependencies'
  | 'sbom'
  | 'license'
  | 'files';

/** Something that belongs to artifacts of one kind: JSON, or text of its own. */
export type Addition = { readonly json: unknown } | { readonly text: string };

export interface Additions {
  /**
   * Reads what is asked for from the artifact's config and layers. Fails with `query-invalid` where artifacts of this
   * kind have no such thing, and with `object-not-found` where this one has none.
   */
  read(
    project: Project,
    repository: RepositoryName,
    artifact: { readonly type: string; readonly stored: Awaited<ReturnType<Manifests['find']>> },
    name: AdditionName,
  ): Promise<Addition>;
}

const byType: Readonly<Record<string, readonly AdditionName[]>> = {
  IMAGE: ['build_history'],
  CHART: ['values.yaml', 'readme.md', 'dependencies'],
  CNAI: ['readme.md', 'license', 'files'],
  SBOM: ['sbom'],
};

/** What artifacts of this kind have; an index of images has nothing of its own. */
export function additionsOf({
  type,
  isIndex,
}: {
  readonly type: string;
  readonly isIndex: boolean;
}): readonly AdditionName[] {
  return isIndex ? [] : (byType[type] ?? []);
}

/** What is read of a config, of one file of a layer, of a whole layer, and of an archive that is looked through. */
const largestConfig = 1024 * 1024;
const largestFile = 1024 * 1024;
const largestLayer = 32 * 1024 * 1024;
const mostUnpacked = 64 * 1024 * 1024;

export function createAdditions(deps: {
  readonly manifests: Pick<Manifests, 'content'>;
  readonly blobs: Pick<Blobs, 'get' | 'open'>;
}): Additions {
  type Place = { readonly project: Project; readonly repository: RepositoryName; readonly manifest: ParsedManifest };

  async function open({ project, repository }: Place, descriptor: Descriptor, largest: number): Promise<Readable> {
    const blob = await deps.blobs.get(project, repository, descriptor.digest);
    if (blob.size > largest) throw missing('it is too large to be read here');
    const content = await deps.blobs.open(blob, descriptor.digest);
    return content instanceof Readable ? content : Readable.from([content]);
  }

  async function readWhole(place: Place, descriptor: Descriptor, largest: number): Promise<Uint8Array> {
    const content = new Uint8Array(descriptor.size <= largest ? descriptor.size : 0);
    let filled = 0;
    for await (const chunk of await open(place, descriptor, largest)) {
      const bytes = chunk as Uint8Array;
      content.set(bytes.subarray(0, content.length - filled), filled);
      filled = Math.min(content.length, filled + bytes.length);
    }
    return content.subarray(0, filled);
  }

  async function readJson(place: Place, descriptor: Descriptor | undefined, largest: number): Promise<unknown> {
    if (descriptor === undefined) throw missing('it has no config');
    try {
      return JSON.parse(text(await readWhole(place, descriptor, largest)));
    } catch (error) {
      if (error instanceof SyntaxError) throw missing('its content is no JSON');
      throw error;
    }
  }

  async function readField(place: Place, field: string): Promise<Addition> {
    const config = await readJson(place, place.manifest.config, largestConfig);
    const value: unknown = Object.hasOwn(Object(config), field)
      ? (config as Record<string, unknown>)[field]
      : undefined;
    return { json: Array.isArray(value) ? value : [] };
  }

  /** A file that lies beside Chart.yaml: one folder deep in the chart's archive. */
  async function readChartFile(place: Place, fileName: string): Promise<Addition> {
    const layer = place.manifest.layers.find(({ mediaType }) =>
      mediaType.startsWith('application/vnd.cncf.helm.chart.content'),
    );
    if (layer === undefined) throw missing('the chart has no content');
    const packed = await open(place, layer, largestLayer);
    // What goes wrong on the way is seen by whoever reads from its end.
    const unpacked = pipeline(packed, createGunzip(), () => undefined);
    const isWanted = (name: string) => /^[^/]+\/([^/]+)$/.exec(name)?.[1]?.toLowerCase() === fileName;
    try {
      const found = await findTarEntry(unpacked, isWanted, { largest: largestFile, mostBytes: mostUnpacked });
      if (found === undefined) throw missing(`the chart has no ${fileName}`);
      return { text: text(found) };
    } catch (error) {
      throw error instanceof RegistryError ? error : missing('the chart cannot be unpacked');
    } finally {
      unpacked.destroy();
      packed.destroy();
    }
  }

  const pathOf = (layer: Descriptor) => layer.annotations?.['org.cncf.model.filepath'] ?? '';

  /** A document of a model: a layer by itself, or in an archive of one file. */
  async function readModelFile(place: Place, pattern: RegExp): Promise<Addition> {
    const layer = place.manifest.layers.find((one) => pattern.test(pathOf(one).split('/').at(-1) ?? ''));
    if (layer === undefined) throw missing('the model has no such document');
    if (!layer.mediaType.endsWith('.tar')) return { text: text(await readWhole(place, layer, largestFile)) };
    const stream = await open(place, layer, largestLayer);
    try {
      const limits = { largest: largestFile, mostBytes: mostUnpacked };
      const found = await findTarEntry(stream as AsyncIterable<Uint8Array>, () => true, limits);
      if (found === undefined) throw missing('the document cannot be unpacked');
      return { text: text(found) };
    } finally {
      stream.destroy();
    }
  }

  function listModelFiles({ manifest }: Place): Addition {
    const files = manifest.layers
      .filter((layer) => pathOf(layer) !== '')
      .map((layer) => ({ name: pathOf(layer), type: 'file', size: layer.size }));
    return { json: files };
  }

  return {
    async read(project, repository, { type, stored }, name) {
      const content = Buffer.from(await deps.manifests.content(stored), 'latin1');
      const place: Place = { project, repository, manifest: parseManifest(content, stored.mediaType) };
      if (!additionsOf({ type, isIndex: place.manifest.kind === 'index' }).includes(name)) {
        throw new RegistryError('query-invalid', `path.addition: artifacts of the type ${type} have no ${name}.`);
      }
      switch (name) {
        case 'build_history':
          return readField(place, 'history');
        case 'dependencies':
          return readField(place, 'dependencies');
        case 'values.yaml':
          return readChartFile(place, name);
        case 'readme.md':
          return type === 'CHART' ? readChartFile(place, name) : readModelFile(place, /^readme(?:\.|$)/i);
        case 'license':
          return readModelFile(place, /^licen[cs]e(?:\.|$)/i);
        case 'files':
          return listModelFiles(place);
        case 'sbom':
          return { json: await readJson(place, place.manifest.layers[0], largestLayer) };
      }
    },
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function missing(why: string): RegistryError {
  return new RegistryError('object-not-found', `This artifact has no such addition: ${why}.`);
}
