import type { Digest } from '@entrepot/oci/digest';
import type { KnownManifest } from './content.ts';

/** What happened between two ticks; ticks count everything. */
export interface Look {
  readonly start: number;
  readonly end: number;
}

/** Something that was asked for. Its end is infinite while it is under way. */
interface Happening {
  readonly start: number;
  end: number;
  /** Whether it surely happened: it was acknowledged, and could do nothing else. */
  sure: boolean;
  /** By the clock of the registry, when it began. */
  readonly at: number;
}

interface Write extends Happening {
  /** What the tag points at after it. */
  readonly value: Digest | undefined;
}

/** The deletion of a manifest together with what hangs on it. */
interface Felling extends Happening {
  readonly digest: Digest;
}

/** A collection that also deletes manifests which nothing holds. */
interface Sweep extends Happening {
  endAt: number;
}

/** Whether something is there, as far as anybody can know who was told of every answer. */
export type Standing = 'there' | 'gone' | 'open';

interface Thing {
  readonly adds: Happening[];
  readonly removes: Happening[];
}

/** A happening under way; one of these is called when it is over. */
export interface Begun {
  acknowledge(): void;
  /** Refused: it did not happen. */
  refuse(): void;
}

/** What was done to one repository, and what must hold by it. */
export interface RepositoryModel {
  readonly name: string;
  /** Everything that anybody tried to push. */
  readonly manifests: ReadonlyMap<Digest, KnownManifest>;
  readonly tags: readonly string[];
  /** `maybe`: acknowledged or not, it may not have come. */
  addManifest(manifest: KnownManifest, maybe?: 'maybe'): Begun;
  removeManifest(digest: Digest): Begun;
  /** As above, and what hangs on it may go with it. */
  fell(digest: Digest): Begun;
  /** Everything goes. */
  clear(): Begun;
  /** `maybe`: acknowledged or not, it may have left the tag as it was. */
  writeTag(tag: string, value: Digest | undefined, maybe?: 'maybe'): Begun;
  addBlob(digest: Digest, maybe?: 'maybe'): Begun;
  removeBlob(digest: Digest): Begun;
  /** Somebody was told that the blob is here. */
  relyOn(digest: Digest, look: Look, at: number): void;
  manifestAt(digest: Digest, look: Look): Standing;
  /** `there`: somebody was told so within the grace, or a manifest that is there needs it. */
  blobAt(digest: Digest, look: Look): Standing;
  /** All that the tag may point at; undefined among them when it may be absent. */
  targetsOf(tag: string, look: Look): ReadonlySet<Digest | undefined>;
}

export interface Model {
  readonly repositories: readonly RepositoryModel[];
  /** The next tick. */
  tick(): number;
  /** A collection that deletes what nothing holds begins; call the answer when it is over. */
  sweep(): () => void;
  /** Everything under way is over: it happened or it did not, and does not happen any more. */
  crash(): void;
}

export interface ModelOptions {
  readonly repositories: readonly string[];
  readonly clock: () => number;
  /** How long content surely stays after somebody was told that it is there. */
  readonly graceMs: number;
}

export function createModel({ repositories: names, clock, graceMs }: ModelOptions): Model {
  let ticks = 0;
  const under = new Set<Happening>();
  const sweeps: Sweep[] = [];
  const tick = () => {
    ticks += 1;
    return ticks;
  };

  function begin<H extends Happening>(list: H[], more: Omit<H, keyof Happening>, sureIfDone = true): Begun {
    const event = { ...more, start: tick(), end: Number.POSITIVE_INFINITY, sure: false, at: clock() } as unknown as H;
    list.push(event);
    under.add(event);
    return {
      acknowledge() {
        event.end = tick();
        event.sure = sureIfDone;
        under.delete(event);
      },
      refuse() {
        list.splice(list.indexOf(event), 1);
        under.delete(event);
      },
    };
  }

  function createRepository(name: string): RepositoryModel {
    const manifests = new Map<Digest, KnownManifest>();
    const things = new Map<Digest, Thing>();
    const blobs = new Map<Digest, Thing>();
    const relied = new Map<Digest, Happening[]>();
    const tags = new Map<string, Write[]>();
    const clears: Happening[] = [];
    const fellings: Felling[] = [];

    const of = (map: Map<Digest, Thing>, digest: Digest): Thing => {
      const known = map.get(digest);
      if (known !== undefined) return known;
      const made = { adds: [], removes: [] };
      map.set(digest, made);
      return made;
    };
    const writesOf = (tag: string): Write[] => {
      const known = tags.get(tag);
      if (known !== undefined) return known;
      const made: Write[] = [];
      tags.set(tag, made);
      return made;
    };

    /** Whether the first goes where the second is deleted whole: it is attached to it, or a part of it. */
    function hangsOn(digest: Digest, on: Digest, seen = new Set<Digest>()): boolean {
      if (seen.has(digest)) return false;
      seen.add(digest);
      const subject = manifests.get(digest)?.subject;
      if (subject !== undefined && (subject === on || hangsOn(subject, on, seen))) return true;
      for (const other of manifests.values()) {
        if (!other.children.includes(digest)) continue;
        if (other.digest === on || hangsOn(other.digest, on, seen)) return true;
      }
      return false;
    }

    function removesOf(digest: Digest): Happening[] {
      const felled = fellings
        .filter((felling) => felling.digest !== digest && hangsOn(digest, felling.digest))
        .map((felling) => ({ ...felling, sure: false }));
      const itself = fellings.filter((felling) => felling.digest === digest);
      return [...of(things, digest).removes, ...itself, ...felled, ...clears];
    }

    /** What can be said without regard to sweeps. */
    function judge(adds: readonly Happening[], removes: readonly Happening[], { start, end }: Look) {
      let possible = false;
      const stays: Happening[] = [];
      for (const add of adds) {
        if (add.start > end) continue;
        if (!removes.some((remove) => remove.sure && remove.start > add.end && remove.end < start)) possible = true;
        const sure = add.sure && add.end < start;
        if (sure && removes.every((remove) => remove.end < add.start || remove.start > end)) stays.push(add);
      }
      return { possible, stays };
    }

    function possibleWrites(tag: string, { start, end }: Look): Write[] {
      const nothing: Write = { start: -1, end: -1, sure: true, at: 0, value: undefined };
      const cleared = clears.map((clear) => ({ ...clear, value: undefined }));
      const writes = [nothing, ...writesOf(tag), ...cleared];
      return writes.filter(
        (write) =>
          write.start <= end && !writes.some((later) => later.sure && later.start > write.end && later.end < start),
      );
    }

    /** Whether the tag points there throughout the look, whatever else happened. */
    function surelyPointsAt(tag: string, digest: Digest, look: Look): boolean {
      return possibleWrites(tag, look).every(
        ({ value, start }) =>
          value === digest && removesOf(digest).every((remove) => remove.end < start || remove.start > look.end),
      );
    }

    /** Whether a sweep cannot have taken the manifest, pushed by this. */
    function isSafe(digest: Digest, add: Happening, look: Look, depth = 0): boolean {
      if (depth > 8) return false;
      return sweeps.every((sweep) => {
        if (sweep.end < add.start || sweep.start > look.end) return true;
        const over = Number.isFinite(sweep.end) ? sweep.endAt : clock();
        const during = { start: sweep.start, end: Math.min(sweep.end, look.end) };
        const subject = manifests.get(digest)?.subject;
        const subjectGoes =
          subject !== undefined &&
          judge(of(things, subject).adds, removesOf(subject), during).possible &&
          !staysThrough(subject, during, depth + 1);
        if (subjectGoes) return false;
        if (over - add.at < graceMs) return true;
        for (const tag of tags.keys()) if (surelyPointsAt(tag, digest, during)) return true;
        if (subject !== undefined && staysThrough(subject, during, depth + 1)) return true;
        for (const other of manifests.values()) {
          if (other.digest === digest || !other.children.includes(digest)) continue;
          if (staysThrough(other.digest, during, depth + 1)) return true;
        }
        return false;
      });
    }

    function staysThrough(digest: Digest, look: Look, depth = 0): boolean {
      const { stays } = judge(of(things, digest).adds, removesOf(digest), look);
      return stays.some((add) => sweeps.length === 0 || isSafe(digest, add, look, depth));
    }

    function manifestAt(digest: Digest, look: Look): Standing {
      if (staysThrough(digest, look)) return 'there';
      return judge(of(things, digest).adds, removesOf(digest), look).possible ? 'open' : 'gone';
    }

    return {
      name,
      manifests,
      get tags() {
        return [...tags.keys()];
      },
      addManifest(manifest, maybe) {
        manifests.set(manifest.digest, manifest);
        return begin(of(things, manifest.digest).adds, {}, maybe === undefined);
      },
      removeManifest: (digest) => begin(of(things, digest).removes, {}),
      fell: (digest) => begin(fellings, { digest }),
      clear: () => begin(clears, {}),
      writeTag: (tag, value, maybe) => begin(writesOf(tag), { value }, maybe === undefined),
      addBlob: (digest, maybe) => begin(of(blobs, digest).adds, {}, maybe === undefined),
      removeBlob: (digest) => begin(of(blobs, digest).removes, {}),
      relyOn(digest, look, at) {
        const events = relied.get(digest) ?? [];
        events.push({ ...look, sure: true, at });
        relied.set(digest, events);
      },
      manifestAt,
      blobAt(digest, look) {
        for (const manifest of manifests.values()) {
          if (manifest.blobs.includes(digest) && manifestAt(manifest.digest, look) === 'there') return 'there';
        }
        const { adds, removes: own } = of(blobs, digest);
        const removes = [...own, ...clears];
        const fresh = [...adds, ...(relied.get(digest) ?? [])].some(
          (event) =>
            event.sure &&
            event.end < look.start &&
            clock() - event.at < graceMs &&
            removes.every((remove) => remove.end < event.start || remove.start > look.end),
        );
        if (fresh) return 'there';
        return judge(adds, removes, look).possible ? 'open' : 'gone';
      },
      targetsOf(tag, look) {
        const targets = new Set<Digest | undefined>();
        for (const write of possibleWrites(tag, look)) {
          const { value, start } = write;
          if (value === undefined) targets.add(undefined);
          else {
            const standing = manifestAt(value, look);
            if (standing !== 'gone') targets.add(value);
            const hit = removesOf(value).some((remove) => remove.end >= start && remove.start <= look.end);
            // A manifest goes with its subject, and its tags with it; pushed again it comes without them.
            const mayBeSwept = !isSafe(value, write, look);
            if (standing !== 'there' || hit || mayBeSwept) targets.add(undefined);
          }
        }
        return targets;
      },
    };
  }

  return {
    repositories: names.map(createRepository),
    tick,
    sweep() {
      const sweep: Sweep = { start: tick(), end: Number.POSITIVE_INFINITY, sure: true, at: clock(), endAt: 0 };
      sweeps.push(sweep);
      under.add(sweep);
      return () => {
        sweep.end = tick();
        sweep.endAt = clock();
        under.delete(sweep);
      };
    },
    crash() {
      const now = tick();
      for (const event of under) event.end = now;
      for (const sweep of sweeps) if (sweep.end === now) sweep.endAt = clock();
      under.clear();
    },
  };
}
