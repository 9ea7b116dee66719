/** `secret:NAME` anywhere in a value: `Bearer secret:TOKEN`. */
const REFERENCE = /\bsecret:([A-Za-z_]\w{0,63})/g;

/** The secrets that values name, each once. */
export function namesOfSecrets(values: readonly string[]): readonly string[] {
  return [...new Set(values.flatMap((value) => [...value.matchAll(REFERENCE)].map(([, name = '']) => name)))];
}
