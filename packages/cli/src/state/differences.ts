import { isSecret } from './secret.ts';

/** One value that is not as the files say. */
export interface FieldChange {
  readonly field: string;
  /** Undefined where there is nothing yet. */
  readonly before: unknown;
  readonly after: unknown;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Whether what is there is what is wanted. What is undefined is not asked for, and a secret cannot be compared. */
function fits(wanted: unknown, there: unknown, sendSecrets: boolean): boolean {
  if (wanted === undefined) {
    return true;
  }
  if (isSecret(wanted)) {
    return !sendSecrets && isSecret(there);
  }
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(there) &&
      wanted.length === there.length &&
      wanted.every((one, place) => fits(one, there[place], sendSecrets))
    );
  }
  return isObject(wanted)
    ? isObject(there) && Object.entries(wanted).every(([key, one]) => fits(one, there[key], sendSecrets))
    : wanted === there;
}

/** For people and machines: secrets are never among the values. */
export function showable(value: unknown): unknown {
  if (isSecret(value)) {
    return '(secret)';
  }
  if (Array.isArray(value)) {
    return value.map(showable);
  }
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, one]) => one !== undefined)
          .map(([key, one]) => [key, showable(one)]),
      )
    : value;
}

/** What of an entry is not as wanted. `there` is undefined for one that is to be made. Never fails. */
export function differences(
  wanted: object,
  there: object | undefined,
  options: { readonly sendSecrets: boolean; readonly except?: readonly string[] },
): FieldChange[] {
  const { sendSecrets, except = [] } = options;
  const before = { ...there } as Readonly<Record<string, unknown>>;
  return Object.entries(wanted)
    .filter(([field, one]) => one !== undefined && !except.includes(field))
    .filter(([field, one]) => there === undefined || !fits(one, before[field], sendSecrets))
    .map(([field, one]) => ({ field, before: showable(before[field]), after: showable(one) }));
}

/** An entry as it will be: what is there, and what is wanted over it. Never fails. */
export function merged<E extends object>(wanted: E, there: E): E {
  const said = Object.fromEntries(Object.entries(wanted).filter(([, one]) => one !== undefined));
  return { ...there, ...said } as E;
}
