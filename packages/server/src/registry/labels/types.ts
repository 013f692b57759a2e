/** A word that people put on artifacts: of one project, or of the whole registry. */
export interface Label {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  /** `#rrggbb`, or nothing. */
  readonly color: string;
  /** Undefined where it is for the whole registry. */
  readonly projectId: number | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What people decide about a label. */
export type LabelFields = Pick<Label, 'name' | 'description' | 'color'>;
