import type { Digest } from '@entrepot/oci/digest';

/** What has to be known of a manifest to decide whether and when it is taken. */
export interface ManifestNode {
  readonly digest: Digest;
  readonly size: number;
  /** When it came, in milliseconds. */
  readonly at: number;
  readonly children: readonly Digest[];
  readonly subject: Digest | undefined;
}

export type ManifestGraph = ReadonlyMap<Digest, ManifestNode>;

/**
 * The manifests to take, children before what names them: the roots, what they name, and whatever refers to one of
 * these, over any number of steps.
 */
export function chooseManifests(graph: ManifestGraph, roots: Iterable<Digest>): ManifestNode[] {
  const referrers = new Map<Digest, Digest[]>();
  for (const { digest, subject } of graph.values()) {
    if (subject === undefined) continue;
    const known = referrers.get(subject);
    if (known === undefined) referrers.set(subject, [digest]);
    else known.push(digest);
  }
  const chosen = new Set<Digest>();
  const open = [...roots];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    const node = chosen.has(digest) ? undefined : graph.get(digest);
    if (node === undefined) continue;
    chosen.add(digest);
    for (const child of node.children) open.push(child);
    for (const referrer of referrers.get(digest) ?? []) open.push(referrer);
  }
  return inOrder(graph, chosen);
}

/** Each after its children, otherwise as the graph lists them. No recursion: a hostile store nests as deep as it likes. */
function inOrder(graph: ManifestGraph, chosen: ReadonlySet<Digest>): ManifestNode[] {
  const done = new Set<Digest>();
  const order: ManifestNode[] = [];
  for (const first of graph.keys()) {
    if (!chosen.has(first)) continue;
    const path: Digest[] = [first];
    const entered = new Set<Digest>();
    for (let digest = path.at(-1); digest !== undefined; digest = path.at(-1)) {
      const node = done.has(digest) ? undefined : graph.get(digest);
      if (node === undefined) {
        path.pop();
      } else if (entered.has(digest)) {
        path.pop();
        done.add(digest);
        order.push(node);
      } else {
        entered.add(digest);
        for (const child of node.children) if (!done.has(child) && !entered.has(child)) path.push(child);
      }
    }
  }
  return order;
}
