/** A user or a group with a role in a project. */
export interface Member {
  readonly id: number;
  readonly projectId: number;
  readonly entityType: 'u' | 'g';
  readonly entityId: number;
  readonly entityName: string;
  readonly roleId: number;
  readonly roleName: string;
}

/** Whom somebody means: by id or by what he is called. */
export type MemberSought =
  | { readonly kind: 'user'; readonly id: number | undefined; readonly name: string | undefined }
  | {
      readonly kind: 'group';
      readonly id: number | undefined;
      readonly name: string | undefined;
      readonly type: number | undefined;
      readonly dn: string | undefined;
    };
