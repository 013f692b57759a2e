/**
 * An open database transaction, opaque to everyone but the stores. It crosses from a service to its stores without
 * anybody in between seeing SQL.
 */
export interface Transaction {
  readonly kind: 'transaction';
}

export interface TransactOptions {
  /**
   * False where a lost power supply may take the change back although it was answered: bookkeeping whose loss costs a
   * client a retry. Everything that acknowledges content is durable, which is the default.
   */
  readonly durable?: boolean;
  /** True where the change adds only rows that no request ever looks up, so that what is remembered of reads stays good. */
  readonly unread?: boolean;
}

/**
 * Runs the work in one transaction and resolves after the commit is durable; whatever the work throws undoes it.
 * The work may run again after a conflict with another writer, so it does nothing but talk to the database.
 */
export type Transact = <T>(work: (tx: Transaction) => Promise<T>, options?: TransactOptions) => Promise<T>;
