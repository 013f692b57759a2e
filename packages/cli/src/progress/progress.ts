import type { CopyEvent } from '@entrepot/oci/client/copy-run';

/** How progress is shown. */
export type ProgressKind = 'auto' | 'bar' | 'plain' | 'none';

/** Shows what happens during a transfer. Dispose it when the transfer ended, however it did. */
export interface Progress extends Disposable {
  onEvent(event: CopyEvent): void;
  /** Shows a step that is no transfer. */
  note(text: string): void;
}
