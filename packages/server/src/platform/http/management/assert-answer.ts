import type { RouteRecord } from '@entrepot/contract/route';
import type { ManagedReply } from './managed-route.ts';

/** Throws where an answer is not what its record promises: a status it does not name, or a body of another shape. */
export function assertAnswer(record: RouteRecord, answer: ManagedReply): void {
  const what = `${record.operationId} answered with ${answer.status}`;
  const schema = record.responses[answer.status];
  if (schema === undefined) throw new Error(`${what}, which its record does not name`);
  if (schema === null) {
    if (answer.body !== undefined) throw new Error(`${what} and a body, which its record does not promise`);
    return;
  }
  if (typeof answer.body === 'object' && answer.body !== null && Symbol.asyncIterator in answer.body) return;
  // What travels is JSON: undefined fields are gone.
  const result = schema.safeParse(toJson(answer.body));
  if (result.success) return;
  const [issue] = result.error.issues;
  throw new Error(`${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

/** What any operation may answer, whatever it is about: who asks, how much, and how the registry is. */
const always: ReadonlySet<number> = new Set([401, 405, 413, 429, 500, 501, 503]);

/** Throws where a refusal has a status that the record does not name, beside those that any operation may answer with. */
export function assertRefusal(record: RouteRecord, status: number): void {
  if (always.has(status) || record.responses[status] !== undefined) return;
  throw new Error(`${record.operationId} refused with ${status}, which its record does not name`);
}

function toJson(body: unknown): unknown {
  return body === undefined ? undefined : JSON.parse(JSON.stringify(body));
}
