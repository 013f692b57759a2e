import type { NameSelector } from '#kernel/name-selectors';

/** A choice among artifacts by their tags. */
export interface TagSelector extends NameSelector {
  /** Whether artifacts without tags are meant too. */
  readonly untagged: boolean;
}

export type RuleParams = Readonly<Record<string, number | string>>;

/** What keeps artifacts. One that is kept by no rule goes. */
export interface RetentionRule {
  readonly disabled: boolean;
  readonly priority: number;
  /** The first condition, by its name. */
  readonly template: string;
  /** The values of conditions by their names: an artifact has to meet all of them. */
  readonly params: RuleParams;
  readonly tags: readonly TagSelector[];
  /** Of names within the project; none chooses every repository. */
  readonly repositories: readonly NameSelector[];
}

export interface NewRetentionPolicy {
  readonly rules: readonly RetentionRule[];
  /** Six fields; empty when it runs by hand only. */
  readonly cron: string;
}

/** A project has one at most. */
export interface RetentionPolicy extends NewRetentionPolicy {
  readonly id: number;
  readonly projectId: number;
}

/** A manifest of a repository. Times are milliseconds since the Unix epoch, 0 for never; sizes are bytes. */
export interface HeldManifest {
  readonly id: number;
  readonly digest: string;
  readonly size: number;
  readonly pushedAt: number;
  readonly pulledAt: number;
  /** Neither only a part of an index nor attached to another: what rules decide about. */
  readonly listed: boolean;
  /** What it is attached to. */
  readonly attachedTo: string | undefined;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /** Digests of its parts. */
  readonly parts: readonly string[];
}

export interface HeldRepository {
  readonly id: number;
  /** With its project's name. */
  readonly name: string;
  /** Nothing of it is ever deleted by a rule. */
  readonly pinned: boolean;
}

/** What a cluster said that it runs. */
export interface RunningImage {
  /** With its project's name; undefined where only the digest is known. */
  readonly repository: string | undefined;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
  readonly reportedAt: number;
}

export interface RunningReport {
  readonly cluster: string;
  readonly images: number;
  readonly reportedAt: number;
}

/** What becomes of an artifact, and why. */
export interface Verdict {
  readonly manifest: HeldManifest;
  readonly kept: boolean;
  /** Which rule keeps it, counted from 1. */
  readonly rule: number | undefined;
  readonly why: string;
}
