/**
 * What the first bytes of a connection say. `more`: it cannot be said yet. `other`: they are no greeting of TLS.
 * `tls`: they are, with the name of the host that is wanted, if it has one.
 */
export type TlsGreeting =
  | { readonly kind: 'more' }
  | { readonly kind: 'other' }
  | { readonly kind: 'tls'; readonly name?: string };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
/** No client greets with more; key exchanges that withstand quantum computers take some 2 KB. */
const MOST_BYTES = 64 * 1024;

/**
 * The name that a client wants to speak to by TLS (RFC 8446, 4.1.2; RFC 6066, 3), which stands in the clear. It may differ from the host
 * that the connection was made to: many hosts behind one address give whatever name is asked for.
 */
export function readTlsGreeting(bytes: Buffer): TlsGreeting {
  const message = handshakeOf(bytes);
  if (message === undefined) return { kind: bytes.length > MOST_BYTES ? 'other' : 'more' };
  if (message === 'none') return { kind: 'other' };
  try {
    return { kind: 'tls', ...nameIn(message) };
  } catch {
    // It ends before it is complete: a fault, or a trick. Nobody answers it.
    return { kind: 'other' };
  }
}

/** The first handshake message, which may be cut into several records. Undefined: not all of it is there. */
function handshakeOf(bytes: Buffer): Buffer | 'none' | undefined {
  const parts: Buffer[] = [];
  let wanted = Number.POSITIVE_INFINITY;
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== HANDSHAKE || (bytes[at + 1] ?? 3) !== 3) return 'none';
    if (at + 5 > bytes.length) return undefined;
    const length = bytes.readUInt16BE(at + 3);
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    const message = Buffer.concat(parts);
    if (message.length > 0 && message[0] !== CLIENT_HELLO) return 'none';
    if (message.length >= 4) wanted = 4 + message.readUIntBE(1, 3);
    if (message.length >= wanted) return message.subarray(4, wanted);
    at += 5 + length;
  }
  return undefined;
}

function nameIn(hello: Buffer): { readonly name?: string } {
  // Version and random.
  let at = 34;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  if (at >= hello.length) return {};
  const end = at + 2 + hello.readUInt16BE(at);
  for (at += 2; at < end; ) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    const content = hello.subarray(at + 4, at + 4 + length);
    if (type === SERVER_NAME && content.readUInt8(2) === HOST_NAME) {
      const name = content.subarray(5, 5 + content.readUInt16BE(3)).toString('latin1');
      return { name: name.toLowerCase() };
    }
    at += 4 + length;
  }
  return {};
}
