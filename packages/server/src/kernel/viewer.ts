/** Whose eyes a list of projects is made for. */
export type Viewer =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'some';
      /** Projects that are seen for a role or a grant in them. */
      readonly projectIds: readonly number[];
      /** Whether public projects are seen as well. */
      readonly publicToo: boolean;
    };
