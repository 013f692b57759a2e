/** What is known of a failed request beyond what its error says. */
export interface FailureFacts {
  readonly registry: string;
  readonly repository: string | undefined;
  /** Whether the request went out with a name, or as anybody. */
  readonly authenticated: boolean;
  /** Whether it was the management API that was asked, not the registry for images. */
  readonly management: boolean;
}

const known = new WeakMap<Error, FailureFacts>();

/** Notes the facts of a failure, for the hint that will be printed with it. Never fails. */
export function noteFailure(error: unknown, facts: FailureFacts): void {
  if (error instanceof Error && !known.has(error)) {
    known.set(error, facts);
  }
}

/** The noted facts of a failure. Never fails. */
export function findFailureFacts(error: unknown): FailureFacts | undefined {
  return error instanceof Error ? known.get(error) : undefined;
}
