/** A new unguessable identifier: 128 random bits as a UUID (RFC 9562). */
export type NewId = () => string;

export const randomId: NewId = () => crypto.randomUUID();

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text has the shape of an identifier made by `randomId`. */
export function isId(text: string): boolean {
  return uuid.test(text);
}
