import type { Socket } from 'node:net';
import { BerReader, BerWriter } from 'ldapts';
import { DirectoryError } from './directory-error.ts';

const startTlsOid = '1.3.6.1.4.1.1466.20037';
const extendedRequest = 0x77;
const requestName = 0x80;
const extendedResponse = 0x78;
/** A polite answer has some twenty bytes, and perhaps a sentence. */
const longestAnswer = 4096;

/**
 * Asks the server to begin TLS on this connection and resolves when it agrees (RFC 4511 §4.14). Nothing may come after
 * its answer: bytes that somebody on the way slips in before the handshake would be read as said under its protection.
 */
export async function askForTls(socket: Socket): Promise<void> {
  const request = new BerWriter();
  request.startSequence();
  request.writeInt(1);
  request.startSequence(extendedRequest);
  request.writeString(startTlsOid, requestName);
  request.endSequence();
  request.endSequence();
  const answer = receiveMessage(socket);
  socket.write(request.buffer);
  assertAgreed(await answer);
}

function receiveMessage(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const end = (failure?: DirectoryError) => {
      socket.off('data', onData);
      socket.off('close', onClose);
      socket.pause();
      if (failure === undefined) resolve(received);
      else reject(failure);
    };
    const onClose = () =>
      end(new DirectoryError('unreachable', 'The server closed the connection instead of StartTLS.'));
    const onData = (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      const missing = missingBytes(received);
      if (missing === 0) end();
      else if (missing < 0 || received.length > longestAnswer) {
        end(new DirectoryError('unreachable', 'The answer to StartTLS is no LDAP message.'));
      }
    };
    socket.on('data', onData);
    socket.once('close', onClose);
  });
}

/** How many bytes the message still lacks; negative for too many, or for what is no message. */
function missingBytes(bytes: Buffer): number {
  if (bytes[0] !== 0x30) return -1;
  const reader = new BerReader(bytes);
  try {
    return reader.readSequence() === null ? 1 : reader.offset + reader.length - bytes.length;
  } catch {
    return -1;
  }
}

function assertAgreed(message: Buffer): void {
  const reader = new BerReader(message);
  reader.readSequence();
  const id = reader.readInt();
  const kind = reader.readSequence();
  const code = kind === extendedResponse ? reader.readEnumeration() : undefined;
  if (id !== 1 || code !== 0) {
    throw new DirectoryError(
      'misconfigured',
      `The server does not begin TLS on request (result ${code ?? 'unknown'}).`,
    );
  }
}
