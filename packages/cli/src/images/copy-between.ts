import { copyImage } from '@entrepot/oci/client/copy';
import type { CopyEvent } from '@entrepot/oci/client/copy-run';
import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { formatLocation, type Location } from '#src/locations/location';
import { formatBytes } from '#src/output/byte-size';
import type { ProgressKind } from '#src/progress/progress';
import { startProgress } from '#src/progress/start-progress';
import type { RegistryAccess } from '#src/registries/registry-access';
import { type CopyCounts, createCopyTally } from './copy-tally.ts';
import { openSource } from './open-source.ts';
import { openTarget } from './open-target.ts';
import { choosePlatform, parsePlatforms } from './platform-choice.ts';

/** What to copy, where to and how. */
export interface CopyRequest {
  readonly from: Location;
  readonly to: Location;
  readonly access: { readonly from: RegistryAccess; readonly to: RegistryAccess };
  readonly platform: readonly string[];
  readonly allPlatforms: boolean;
  readonly referrers: boolean;
  readonly jobs: number;
  readonly progress: ProgressKind;
}

/** What was copied. */
export interface CopyReport extends CopyCounts {
  readonly source: string;
  readonly target: string;
  readonly digest: string;
  readonly mediaType: string;
}

/**
 * Copies an image from anywhere to anywhere, byte for byte; what is there already is not copied again, so that an
 * interrupted copy goes on where it was. Rejects with UsageError when the wishes contradict each other, and as
 * `openSource`, `openTarget`, `choosePlatform` and `copyImage` do.
 */
export async function copyBetween(request: CopyRequest, context: CliContext): Promise<CopyReport> {
  const { from, to, access, jobs } = request;
  const { signal } = context;
  const needsOne = to.kind === 'docker-archive';
  const wanted = parsePlatforms(request.platform);
  if (request.allPlatforms && wanted.length > 0) {
    throw new UsageError('--all-platforms and --platform contradict each other');
  }
  if (needsOne && (request.allPlatforms || wanted.length > 1)) {
    throw new UsageError('a docker archive holds one image', 'choose one with --platform, or write an OCI layout.');
  }
  using progress = startProgress(request.progress, context);
  const tally = createCopyTally();
  const onEvent = (event: CopyEvent) => {
    tally.onEvent(event);
    progress.onEvent(event);
  };
  await using source = await openSource(from, access.from, context, {
    form: to.kind === 'registry' || to.kind === 'docker-archive' ? 'docker' : 'oci',
    onLayer: (size) => progress.note(`compressing a layer of ${formatBytes(size)}`),
  });
  const choice = await choosePlatform(source, wanted, needsOne, signal);
  await using target = await openTarget(to, source, access.to, context);
  const { digest, mediaType } = await copyImage(
    source,
    {
      transport: target.transport,
      repository: target.repository,
      ...(target.reference === undefined ? {} : { reference: target.reference }),
    },
    { ...choice, referrers: request.referrers, concurrency: jobs, onEvent, signal },
  );
  if (to.kind === 'oci-archive' || to.kind === 'docker-archive') {
    progress.note(`writing ${to.path}`);
  }
  await target.finish({ digest, mediaType });
  return { source: formatLocation(from), target: formatLocation(to), digest, mediaType, ...tally.counts };
}
