/**
 * Which addresses lie in the open network (WRK-21). Everything else (this machine, private and link-local networks with
 * their metadata services, documentation, multicast, reserved) is refused unless that exact host was granted.
 */

/** Network prefixes that are not the open network: IANA special-purpose registries for IPv4 and IPv6. */
const CLOSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/8',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/9',
  'ff00::/8',
];

/** Prefixes that hold an IPv4 address, which then decides, and the byte where it begins. */
const EMBEDDING = [
  { prefix: '::ffff:0:0/96', at: 12 },
  { prefix: '64:ff9b::/96', at: 12 },
  { prefix: '2002::/16', at: 2 },
];

/** False for anything that is no address at all. */
export function isPublicAddress(address: string): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && isPublic(bytes);
}

function isPublic(bytes: readonly number[]): boolean {
  const embedding = EMBEDDED.find(({ network }) => contains(network, bytes));
  if (embedding !== undefined) return isPublic(bytes.slice(embedding.at, embedding.at + 4));
  return !CLOSED_NETWORKS.some((network) => contains(network, bytes));
}

/** 4 or 16 bytes; undefined when the text is not an address in standard form. A zone (`%eth0`) counts as none. */
export function parseAddress(text: string): readonly number[] | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  // No leading zeros: some resolvers read them as octal, so that one text would mean two hosts.
  const isValid =
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return isValid ? parts.map(Number) : undefined;
}

function parseV6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':').flatMap(groupBytes)));
  if (head === undefined || [...head, ...(tail ?? [])].some(Number.isNaN)) return undefined;
  if (tail === undefined) return head.length === 16 ? head : undefined;
  const gap = 16 - head.length - tail.length;
  return gap >= 2 ? [...head, ...Array<number>(gap).fill(0), ...tail] : undefined;
}

function groupBytes(group: string): readonly number[] {
  if (group.includes('.')) return parseV4(group) ?? [Number.NaN];
  if (!/^[0-9a-f]{1,4}$/i.test(group)) return [Number.NaN];
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 255];
}

interface Network {
  readonly bytes: readonly number[];
  readonly bits: number;
}

function parseNetwork(text: string): Network {
  const [address = '', bits] = text.split('/');
  return { bytes: parseAddress(address) ?? [], bits: Number(bits) };
}

function contains(network: Network, address: readonly number[]): boolean {
  if (network.bytes.length !== address.length) return false;
  return address.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, network.bits - index * 8));
    const mask = (0xff00 >> bits) & 0xff;
    return (byte & mask) === ((network.bytes[index] ?? 0) & mask);
  });
}

const CLOSED_NETWORKS = CLOSED.map(parseNetwork);
const EMBEDDED = EMBEDDING.map(({ prefix, at }) => ({ network: parseNetwork(prefix), at }));

/** Whether a name in an address (`localhost`, `127.0.0.1`, `[::1]`) is this machine by itself, without anybody being asked. */
export function isThisMachine(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}
