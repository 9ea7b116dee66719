/** `max-bytes`, `max_bytes`, `MAX_BYTES` and `maxBytes` are one key: this is what they are compared by. */
export function canonicalKey(key: string): string {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_]+/)
    .filter((word) => word !== '');
  return words.map((word, index) => (index === 0 ? word : capitalised(word))).join('');
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `a.b` or its parts to its parts. */
export function keyParts(key: string | readonly string[]): readonly string[] {
  return typeof key === 'string' ? key.split('.') : key;
}
