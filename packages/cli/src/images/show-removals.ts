import { formatImageReference } from '@entrepot/oci/reference';
import { type CliContext, tell } from '#src/context';
import { doEach } from '#src/failures/do-each';
import { type OutputFormat, writeResult } from '#src/output/write-result';
import { type AccessOptions, readAccess } from '#src/registries/registry-access';
import { confirm } from '#src/terminal/confirm';
import { parseRemovals, type Removal, type Removed, removeImage } from './remove-image.ts';

export interface ShowRemovalsOptions extends AccessOptions {
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

function describe({ reference, what }: Removal): string {
  return what === 'tag'
    ? `the tag ${formatImageReference(reference)}`
    : `${formatImageReference(reference)} with all its tags`;
}

function formatRemoved({ reference, what, digest }: Removed, dryRun: boolean): string {
  const verb = dryRun ? 'Would remove' : 'Removed';
  return what === 'tag' ? `${verb} ${reference} (${digest})\n` : `${verb} ${reference} with all its tags\n`;
}

/** Other registries keep nothing, and nobody knows from here which one this is. */
function tellHowToUndo(removals: readonly Removal[], done: number, context: CliContext): void {
  const [first] = removals;
  const project = first?.reference.repository.split('/', 1)[0];
  if (done > 0 && first !== undefined && first.reference.repository !== project) {
    tell(context, `hint: an Entrepot keeps it for a while: entrepot undo ls ${project}`);
  }
}

/**
 * Removes tags and images after asking, and says so. Rejects with UsageError when nobody can be asked, as `removeImage`
 * does, and with PartialFailure when some could not be removed.
 */
export async function showRemovals(
  texts: readonly string[],
  options: ShowRemovalsOptions,
  context: CliContext,
): Promise<void> {
  const { dryRun, output } = options;
  const removals = parseRemovals(texts);
  const access = await readAccess(
    options,
    removals.map(({ reference }) => reference.registry),
    context,
  );
  if (!dryRun && !options.yes) {
    await confirm(context, `Remove ${removals.map(describe).join(', ')}?`, '--yes');
  }
  const { done, failure } = await doEach(
    removals,
    (removal) => removeImage(removal, access, dryRun, context),
    output === 'json' ? 'json' : 'text',
    context,
  );
  await writeResult(context, output, { removed: done, dryRun }, () =>
    done.map((removed) => formatRemoved(removed, dryRun)).join(''),
  );
  if (failure !== undefined) {
    throw failure;
  }
  if (!dryRun && output !== 'json') {
    tellHowToUndo(removals, done.length, context);
  }
}
