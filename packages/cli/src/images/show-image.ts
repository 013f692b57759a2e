import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { formatLocation, parseLocation } from '#src/locations/location';
import { type OutputFormat, writeOut, writeResult } from '#src/output/write-result';
import { type AccessOptions, readAccess } from '#src/registries/registry-access';
import { describeImage, readConfig, readManifest } from './describe-image.ts';
import { formatImage } from './format-image.ts';
import { openSource } from './open-source.ts';
import { parsePlatforms } from './platform-choice.ts';

export interface ShowImageOptions extends AccessOptions {
  readonly raw: boolean;
  readonly config: boolean;
  readonly platform: string | undefined;
  readonly output: OutputFormat;
}

function readDocument(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new UsageError('the config of this artifact is not JSON', 'write it as it is with --raw --config.');
  }
}

/**
 * Shows an image: what it is made of, or with `config` its config, or with `raw` the exact bytes of manifest or config.
 * Rejects as `openSource`, `readManifest` and `readConfig` do.
 */
export async function showImage(text: string, options: ShowImageOptions, context: CliContext): Promise<void> {
  const { signal } = context;
  const location = parseLocation(text);
  const [platform] = parsePlatforms(options.platform === undefined ? [] : [options.platform]);
  const registries = location.kind === 'registry' ? [location.reference.registry] : [];
  const access = await readAccess(options, registries, context);
  await using source = await openSource(location, access, context);
  const pulled = await readManifest(source, platform, signal);
  if (options.config) {
    const bytes = await readConfig(source, pulled.manifest, signal);
    if (options.raw) {
      return writeOut(context, bytes);
    }
    const document = readDocument(bytes);
    return writeResult(context, options.output, document, () => `${JSON.stringify(document, undefined, 2)}\n`);
  }
  if (options.raw) {
    return writeOut(context, pulled.bytes);
  }
  const shown = await describeImage(source, formatLocation(location), pulled, signal);
  await writeResult(context, options.output, shown, () => formatImage(shown));
}
