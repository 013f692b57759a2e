// canary: lint typescript(no-explicit-any)
export const thing = (value: any): string => String(value);
