/** Enough to know which secret is meant, too little to use it: at most four characters of a long one. */
export function mask(secret: string): string {
  const shown = secret.length < 20 ? '' : secret.slice(0, 4);
  return `${shown}${'*'.repeat(8)}`;
}
