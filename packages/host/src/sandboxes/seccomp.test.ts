import { describe, expect, test } from 'vitest';
import { seccompFilter } from './seccomp.ts';

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const refused = (code: number) => 0x00050000 | code;

interface Call {
  readonly architecture: number;
  readonly number: number;
  readonly arguments?: readonly number[];
}

/** Runs the filter as the kernel would: classic BPF with the instructions that it uses. */
function run(filter: Uint8Array, call: Call): number {
  const view = new DataView(filter.buffer);
  const words = new Map([
    [0, call.number],
    [4, call.architecture],
    ...(call.arguments ?? []).map((value, index) => [16 + index * 8, value] as const),
  ]);
  let loaded = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const [code, ifTrue, ifFalse, value] = [
      view.getUint16(at * 8, true),
      view.getUint8(at * 8 + 2),
      view.getUint8(at * 8 + 3),
      view.getUint32(at * 8 + 4, true),
    ];
    if (code === 0x20) loaded = words.get(value) ?? 0;
    else if (code === 0x06) return value;
    else {
      const holds = { 21: loaded === value, 53: loaded >= value, 69: (loaded & value) !== 0 }[code];
      if (holds === undefined) throw new Error(`unknown instruction ${code}`);
      at += holds ? ifTrue : ifFalse;
    }
  }
  throw new Error('the filter ran off its end');
}

const PROCESSORS = {
  x64: {
    architecture: 0xc000003e,
    read: 0,
    clone: 56,
    clone3: 435,
    ioctl: 16,
    socket: 41,
    ptrace: 101,
    mount: 165,
    unshare: 272,
  },
  arm64: {
    architecture: 0xc00000b7,
    read: 63,
    clone: 220,
    clone3: 435,
    ioctl: 29,
    socket: 198,
    ptrace: 117,
    mount: 40,
    unshare: 97,
  },
};

describe.each(Object.entries(PROCESSORS))('the filter of system calls for %s', (name, numbers) => {
  const filter = seccompFilter(name) ?? new Uint8Array();
  const answer = (number: number, ...args: number[]) =>
    run(filter, { architecture: numbers.architecture, number, arguments: args });

  test('lets ordinary calls through and ends a program that uses another table', () => {
    expect(answer(numbers.read)).toBe(ALLOW);
    expect(run(filter, { architecture: 0x40000003, number: numbers.read })).toBe(KILL);
  });

  test.each(['ptrace', 'mount', 'unshare'] as const)('refuses %s', (call) => {
    expect(answer(numbers[call])).toBe(refused(1));
  });

  test('refuses the calls that have one number everywhere', () => {
    expect(answer(425)).toBe(refused(1));
    expect(answer(numbers.clone3)).toBe(refused(38));
  });

  test('lets processes and threads be made, and no namespaces', () => {
    expect(answer(numbers.clone, 0x01200011)).toBe(ALLOW);
    expect(answer(numbers.clone, 0x003d0f00)).toBe(ALLOW);
    expect(answer(numbers.clone, 0x10000011)).toBe(refused(1));
    expect(answer(numbers.clone, 0x00020011)).toBe(refused(1));
  });

  test('refuses to push characters into a terminal', () => {
    expect(answer(numbers.ioctl, 1, 0x5412)).toBe(refused(1));
    expect(answer(numbers.ioctl, 1, 0x5401)).toBe(ALLOW);
  });

  test.each([
    [1, ALLOW],
    [2, ALLOW],
    [10, ALLOW],
    [16, ALLOW],
    [17, refused(97)],
    [40, refused(97)],
  ])('sockets of family %i', (family, expected) => {
    expect(answer(numbers.socket, family)).toBe(expected);
  });
});

test('a second table of a processor (x32) is not a way round', () => {
  const filter = seccompFilter('x64') ?? new Uint8Array();
  expect(run(filter, { architecture: 0xc000003e, number: 0x40000000 + 101 })).toBe(KILL);
});

test('there is none for processors without a table', () => {
  expect(seccompFilter('mips')).toBeUndefined();
});
