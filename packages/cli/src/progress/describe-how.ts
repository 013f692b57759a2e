import type { BlobPushed } from '@entrepot/oci/client/push-blob';

/** How something came to be where it is, in a word. Never fails. */
export function describeHow(how: BlobPushed | 'pushed'): string {
  switch (how) {
    case 'present':
      return 'there already';
    case 'mounted':
      return 'mounted';
    case 'uploaded':
    case 'pushed':
      return 'copied';
    default:
      return how satisfies never;
  }
}
