/** A command line that cannot be meant. `hint` says how to mend it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Somebody asked to end: by a signal, at a question, or by not reading on. */
export class InterruptError extends Error {
  override readonly name = 'InterruptError';
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGPIPE';

  constructor(signal: InterruptError['signal'], message = `interrupted by ${signal}`) {
    super(message);
    this.signal = signal;
  }
}

/** Something named on the command line, on this machine or in a list, is not there. */
export class MissingError extends Error {
  override readonly name = 'MissingError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** A file or folder on this machine cannot be used as what it was named as. */
export class LocalFileError extends Error {
  override readonly name = 'LocalFileError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** Credentials cannot be read, kept or used. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** A registry that cannot be reached, and would not be by trying again. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  /** Node's or OpenSSL's code, such as `ENOTFOUND`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Some of several things were done and some not; each failure was told when it happened. */
export class PartialFailure extends Error {
  override readonly name = 'PartialFailure';
  readonly failures: readonly unknown[];
  readonly succeeded: number;

  constructor(message: string, failures: readonly unknown[], succeeded: number) {
    super(message);
    this.failures = failures;
    this.succeeded = succeeded;
  }
}
