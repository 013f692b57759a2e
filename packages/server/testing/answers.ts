import assert from 'node:assert/strict';

/** What a client sees of an answer, without what differs from one request to the next. */
export interface SeenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const changing = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);

/** Reads an answer; words of the question that it repeats are masked, so that answers to two questions compare. */
export async function seenOf(response: Response, ...masked: readonly string[]): Promise<SeenAnswer> {
  const mask = (text: string) => masked.reduce((rest, word) => rest.replaceAll(word, '…'), text);
  const body = mask(await response.text());
  const headers = [...response.headers]
    .filter(([name]) => !changing.has(name))
    .map(([name, value]) => [name, name === 'content-length' ? String(Buffer.byteLength(body)) : mask(value)]);
  return { status: response.status, headers: Object.fromEntries(headers), body };
}

/** The code of the one error in an OCI or Harbor envelope. */
export async function errorCodeOf(response: Response): Promise<string> {
  const envelope = (await response.json()) as { errors: { code: string }[] };
  assert.equal(envelope.errors.length, 1);
  return envelope.errors[0]?.code ?? '';
}

/** Asserts the status and, unless it is a success, the code in the envelope. */
export async function assertAnswer(response: Response, status: number, code?: string): Promise<void> {
  const text = await response.text();
  assert.equal(response.status, status, text.slice(0, 300));
  if (code === undefined) return;
  const { errors } = JSON.parse(text) as { errors: { code: string }[] };
  assert.deepEqual(
    errors.map((error) => error.code),
    [code],
    text.slice(0, 300),
  );
}
