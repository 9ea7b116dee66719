const SECRET =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b|\bxox[abp]-[A-Za-z0-9-]{10,}/;

/** Whether a text holds what looks like a key or a token. */
export function holdsSecret(text: string): boolean {
  return SECRET.test(text);
}
