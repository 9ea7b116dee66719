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
const CLONE_NAMESPACES = 0x7e020000;
/** Pushing characters into the terminal that Cadre was started from. */
const TERMINAL_INJECTIONS = [0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */];
/** Unix, IPv4, IPv6, netlink: what programs use. The others (packet, vsock, Bluetooth …) are mostly attack surface. */
const SOCKET_FAMILIES = [1, 2, 10, 16];

interface Processor {
  readonly architecture: number;
  readonly clone: number;
  readonly clone3: number;
  readonly ioctl: number;
  readonly socket: number;
  readonly refused: readonly number[];
  /** From this number on stands another table (x32) of the same processor. */
  readonly otherTable?: number;
}

/** The same number on every processor, since tables were joined in Linux 5. */
const REFUSED_EVERYWHERE = [
  425 /* io_uring_setup */, 426 /* io_uring_enter */, 427 /* io_uring_register */, 428 /* open_tree */,
  429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */,
  438 /* pidfd_getfd */, 440 /* process_madvise */, 442 /* mount_setattr */, 443 /* quotactl_fd */,
];

const PROCESSORS: Readonly<Record<string, Processor>> = {
  x64: {
    architecture: 0xc000003e,
    clone: 56,
    clone3: 435,
    ioctl: 16,
    socket: 41,
    otherTable: 0x40000000,
    refused: [
      101 /* ptrace */, 310 /* process_vm_readv */, 311 /* process_vm_writev */, 312 /* kcmp */,
      321 /* bpf */, 298 /* perf_event_open */, 323 /* userfaultfd */, 248 /* add_key */,
      249 /* request_key */, 250 /* keyctl */, 165 /* mount */, 166 /* umount2 */, 155 /* pivot_root */,
      161 /* chroot */, 272 /* unshare */, 308 /* setns */, 246 /* kexec_load */, 320 /* kexec_file_load */,
      175 /* init_module */, 313 /* finit_module */, 176 /* delete_module */, 167 /* swapon */,
      168 /* swapoff */, 169 /* reboot */, 163 /* acct */, 164 /* settimeofday */, 227 /* clock_settime */,
      305 /* clock_adjtime */, 159 /* adjtimex */, 170 /* sethostname */, 171 /* setdomainname */,
      172 /* iopl */, 173 /* ioperm */, 179 /* quotactl */, 180 /* nfsservctl */, 103 /* syslog */,
      153 /* vhangup */, 134 /* uselib */, 212 /* lookup_dcookie */, 304 /* open_by_handle_at */,
      300 /* fanotify_init */,
    ],
  },
  arm64: {
    architecture: 0xc00000b7,
    clone: 220,
    clone3: 435,
    ioctl: 29,
    socket: 198,
    refused: [
      117 /* ptrace */, 270 /* process_vm_readv */, 271 /* process_vm_writev */, 272 /* kcmp */,
      280 /* bpf */, 241 /* perf_event_open */, 282 /* userfaultfd */, 217 /* add_key */,
      218 /* request_key */, 219 /* keyctl */, 40 /* mount */, 39 /* umount2 */, 41 /* pivot_root */,
      51 /* chroot */, 97 /* unshare */, 268 /* setns */, 104 /* kexec_load */, 294 /* kexec_file_load */,
      105 /* init_module */, 273 /* finit_module */, 106 /* delete_module */, 224 /* swapon */,
      225 /* swapoff */, 142 /* reboot */, 89 /* acct */, 170 /* settimeofday */, 112 /* clock_settime */,
      266 /* clock_adjtime */, 171 /* adjtimex */, 161 /* sethostname */, 162 /* setdomainname */,
      60 /* quotactl */, 42 /* nfsservctl */, 116 /* syslog */, 58 /* vhangup */, 18 /* lookup_dcookie */,
      265 /* open_by_handle_at */, 262 /* fanotify_init */,
    ],
  },
};

/** The filter for a processor as Node names it (`process.arch`); undefined where there is no table. */
export function seccompFilter(processor: string): Uint8Array | undefined {
  const table = PROCESSORS[processor];
  return table === undefined ? undefined : assemble(program(table));
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
  const refused = [...table.refused, ...REFUSED_EVERYWHERE];
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
