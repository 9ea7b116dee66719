const USERAUTH_REQUEST = 50;

/**
 * Whether what an ssh agent is asked to sign (key, data, flags) is a login by that key: RFC 4252, 7. Signatures of files
 * and commits begin otherwise.
 */
export function isLogin(request: Buffer): boolean {
  const key = text(request, 0);
  const data = key && text(request, key.end);
  const session = data && text(data.value, 0);
  if (session === undefined || data === undefined) return false;
  if (data.value[session.end] !== USERAUTH_REQUEST) return false;
  const user = text(data.value, session.end + 1);
  const service = user && text(data.value, user.end);
  const method = service && text(data.value, service.end);
  return (
    service?.value.toString() === 'ssh-connection' &&
    (method?.value.toString() === 'publickey' ||
      method?.value.toString() === 'publickey-hostbound-v00@openssh.com')
  );
}

/** A string of the protocol: four bytes of length, then so many bytes. */
function text(from: Buffer, at: number): { readonly value: Buffer; readonly end: number } | undefined {
  if (at + 4 > from.length) return undefined;
  const end = at + 4 + from.readUInt32BE(at);
  return end > from.length ? undefined : { value: from.subarray(at + 4, end), end };
}
