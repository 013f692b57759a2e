import type { HeldManifest, Verdict } from './types.ts';

/** An artifact that goes, with all that goes with it. */
export interface Leaving {
  readonly manifest: HeldManifest;
  /** Itself, what is attached, and parts that nothing else needs. Each manifest leaves with one artifact only. */
  readonly withIt: readonly HeldManifest[];
}

/** What leaves, in an order in which it can: an index before its parts. Mirrors what a deletion takes along. */
export function planLeaving(manifests: readonly HeldManifest[], verdicts: readonly Verdict[]): Leaving[] {
  const dropped = verdicts.filter(({ kept }) => !kept).map(({ manifest }) => manifest);
  const byDigest = new Map(manifests.map((manifest) => [manifest.digest, manifest]));
  const attached = Map.groupBy(
    manifests.filter(({ attachedTo }) => attachedTo !== undefined),
    ({ attachedTo }) => attachedTo as string,
  );
  const holders = new Map<string, Set<HeldManifest>>();
  for (const manifest of manifests) {
    for (const part of manifest.parts) holders.set(part, (holders.get(part) ?? new Set()).add(manifest));
  }
  const gone = new Set<HeldManifest>();

  function take(manifest: HeldManifest, taken: HeldManifest[]): void {
    if (gone.has(manifest)) return;
    gone.add(manifest);
    taken.push(manifest);
    for (const one of attached.get(manifest.digest) ?? []) if (one !== manifest) take(one, taken);
    for (const digest of manifest.parts) {
      const part = byDigest.get(digest);
      if (part === undefined || part.tags.length > 0) continue;
      if ([...(holders.get(digest) ?? [])].every((holder) => gone.has(holder))) take(part, taken);
    }
  }

  return inOrder(dropped, holders).flatMap((manifest) => {
    const withIt: HeldManifest[] = [];
    take(manifest, withIt);
    return withIt.length === 0 ? [] : [{ manifest, withIt }];
  });
}

function inOrder(
  dropped: readonly HeldManifest[],
  holders: ReadonlyMap<string, ReadonlySet<HeldManifest>>,
): HeldManifest[] {
  const leaves = new Set(dropped);
  const ordered = new Set<HeldManifest>();
  const seen = new Set<HeldManifest>();
  const visit = (manifest: HeldManifest): void => {
    if (seen.has(manifest)) return;
    seen.add(manifest);
    for (const holder of holders.get(manifest.digest) ?? []) if (leaves.has(holder)) visit(holder);
    ordered.add(manifest);
  };
  for (const manifest of dropped) visit(manifest);
  return [...ordered];
}
