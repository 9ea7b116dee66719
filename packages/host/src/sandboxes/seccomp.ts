/**
 * A filter of system calls as the kernel wants it (classic BPF over `struct seccomp_data`), for programs that never need
 * to trace others, mount, load modules or enter namespaces. What is filtered answers EPERM, as if capabilities were
 * missing; a call through another processor's table ends the process. Numbers: Linux `unistd.h` of each processor.
 */

/** Offsets in `struct seccomp_data`; arguments are 64 bits, low half first. */
const OFFSET = { number: 0, architecture: 4, argument0: 16, argument1: 24 } as const;

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const REFUSE = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** New mount, cgroup, UTS, IPC, user, process and network namespaces. */
export const CLONE_NAMESPACES = 0x7e020000;
/** Pushing characters into the terminal that Cadre was started from. */
const TERMINAL_INJECTIONS = [0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */];
/** Unix, IPv4, IPv6, netlink: what programs use. The others (packet, vsock, Bluetooth …) are mostly attack surface. */
export const SOCKET_FAMILIES = [1, 2, 10, 16];

interface Processor {
  readonly architecture: number;
  readonly clone: number;
  readonly clone3: number;
  readonly ioctl: number;
  readonly socket: number;
  readonly refused: Readonly<Record<string, number>>;
  /** From this number on stands another table (x32) of the same processor. */
  readonly otherTable?: number;
}

/** The same number on every processor, since tables were joined in Linux 5. */
const REFUSED_EVERYWHERE = {
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_getfd: 438,
  process_madvise: 440,
  mount_setattr: 442,
  quotactl_fd: 443,
};

const PROCESSORS: Readonly<Record<string, Processor>> = {
  x64: {
    architecture: 0xc000003e,
    clone: 56,
    clone3: 435,
    ioctl: 16,
    socket: 41,
    otherTable: 0x40000000,
    refused: {
      ptrace: 101,
      process_vm_readv: 310,
      process_vm_writev: 311,
      kcmp: 312,
      bpf: 321,
      perf_event_open: 298,
      userfaultfd: 323,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      mount: 165,
      umount2: 166,
      pivot_root: 155,
      chroot: 161,
      unshare: 272,
      setns: 308,
      kexec_load: 246,
      kexec_file_load: 320,
      init_module: 175,
      finit_module: 313,
      delete_module: 176,
      swapon: 167,
      swapoff: 168,
      reboot: 169,
      acct: 163,
      settimeofday: 164,
      clock_settime: 227,
      clock_adjtime: 305,
      adjtimex: 159,
      sethostname: 170,
      setdomainname: 171,
      iopl: 172,
      ioperm: 173,
      quotactl: 179,
      nfsservctl: 180,
      syslog: 103,
      vhangup: 153,
      uselib: 134,
      lookup_dcookie: 212,
      open_by_handle_at: 304,
      fanotify_init: 300,
    },
  },
  arm64: {
    architecture: 0xc00000b7,
    clone: 220,
    clone3: 435,
    ioctl: 29,
    socket: 198,
    refused: {
      ptrace: 117,
      process_vm_readv: 270,
      process_vm_writev: 271,
      kcmp: 272,
      bpf: 280,
      perf_event_open: 241,
      userfaultfd: 282,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      mount: 40,
      umount2: 39,
      pivot_root: 41,
      chroot: 51,
      unshare: 97,
      setns: 268,
      kexec_load: 104,
      kexec_file_load: 294,
      init_module: 105,
      finit_module: 273,
      delete_module: 106,
      swapon: 224,
      swapoff: 225,
      reboot: 142,
      acct: 89,
      settimeofday: 170,
      clock_settime: 112,
      clock_adjtime: 266,
      adjtimex: 171,
      sethostname: 161,
      setdomainname: 162,
      quotactl: 60,
      nfsservctl: 42,
      syslog: 116,
      vhangup: 58,
      lookup_dcookie: 18,
      open_by_handle_at: 265,
      fanotify_init: 262,
    },
  },
};

/** The filter for a processor as Node names it (`process.arch`); undefined where there is no table. */
export function seccompFilter(processor: string): Uint8Array | undefined {
  const table = PROCESSORS[processor];
  return table === undefined ? undefined : assemble(program(table));
}

/** Names of the calls that are refused whatever their arguments, for whoever filters by names. */
export function refusedCalls(processor: string): readonly string[] | undefined {
  const table = PROCESSORS[processor];
  return table === undefined ? undefined : Object.keys(refusedBy(table));
}

function refusedBy(table: Processor): Readonly<Record<string, number>> {
  return { ...table.refused, ...REFUSED_EVERYWHERE };
}

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

const load = (offset: number): Instruction => [LOAD, 0, 0, offset];
const answer = (value: number): Instruction => [RETURN, 0, 0, value];
/** Answers when the loaded word is `value`, else goes on. */
const answerAt = (value: number, result: number): readonly Instruction[] => [
  [JUMP_EQUAL, 0, 1, value],
  answer(result),
];

function program(table: Processor): readonly Instruction[] {
  const refused = Object.values(refusedBy(table));
  return [
    load(OFFSET.architecture),
    [JUMP_EQUAL, 1, 0, table.architecture],
    answer(KILL_PROCESS),
    load(OFFSET.number),
    ...(table.otherTable === undefined
      ? []
      : ([[JUMP_AT_LEAST, 0, 1, table.otherTable], answer(KILL_PROCESS)] satisfies Instruction[])),
    ...refused.flatMap((number) => answerAt(number, REFUSE | EPERM)),
    // Its flags lie in memory, where a filter cannot look; libraries fall back to `clone`.
    ...answerAt(table.clone3, REFUSE | ENOSYS),
    ...whenCalled(table.clone, [
      load(OFFSET.argument0),
      [JUMP_ANY_BIT, 0, 1, CLONE_NAMESPACES],
      answer(REFUSE | EPERM),
    ]),
    ...whenCalled(table.ioctl, [
      load(OFFSET.argument1),
      ...TERMINAL_INJECTIONS.flatMap((command) => answerAt(command, REFUSE | EPERM)),
    ]),
    ...whenCalled(table.socket, [
      load(OFFSET.argument0),
      ...SOCKET_FAMILIES.flatMap((family) => answerAt(family, ALLOW)),
      answer(REFUSE | EAFNOSUPPORT),
    ]),
    answer(ALLOW),
  ];
}

/** Looks closer at one call; whatever `inner` does not answer is allowed. */
function whenCalled(number: number, inner: readonly Instruction[]): readonly Instruction[] {
  return [[JUMP_EQUAL, 0, inner.length + 1, number], ...inner, answer(ALLOW)];
}

/** `struct sock_filter`: code 16 bits, two jumps of 8 bits, value 32 bits. Both processors are little-endian. */
function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  instructions.forEach(([code, ifTrue, ifFalse, value], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, value, true);
  });
  return bytes;
}
