/** A value, now or later: SQLite answers at once, PostgreSQL does not, and the hot path waits for neither when it need not. */
export type Eventually<T> = T | Promise<T>;
