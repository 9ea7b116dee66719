import { execFileSync } from 'node:child_process';
import { findProgram, isInstalled } from '../../../../scripts/installed-program.ts';

/** A network of its own, with one cable to this machine: what another machine is to a database here. */
export interface SeparateNetwork {
  /** Of this machine, as seen from inside. */
  readonly address: string;
  /** In front of a command that shall run inside. */
  readonly inside: readonly string[];
  /** From now on everything that is sent is lost, and nobody is told so. */
  cut(): void;
  mend(): void;
  close(): void;
}

/** Whether tests that cut off a process are left out: loudly, and in CI only where the machine itself forbids it. */
export function lacksNetworks(): boolean {
  const installed = isInstalled('ip') && isInstalled('iptables');
  const missing = installed ? tryToOpen() : 'ip and iptables are not installed (iproute2, iptables)';
  if (missing === undefined) return false;
  console.warn(`\nSKIPPED: everything that cuts off a network, because ${missing}\n`);
  return true;
}

function tryToOpen(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  try {
    const network = openSeparateNetwork();
    try {
      network.cut();
    } finally {
      network.close();
    }
    return undefined;
  } catch (error) {
    return `this machine makes no network namespaces: ${error instanceof Error ? error.message : error}`;
  }
}

let networks = 0;

export function openSeparateNetwork(): SeparateNetwork {
  const number = networks++;
  const name = `cadre${process.pid}${number}`;
  const cable = `cd${process.pid % 1_000_000}${number}`;
  // From 10.0.0.0/8, four addresses for each cable.
  const fourth = (process.pid * 8 + number) % 2 ** 14;
  const net = `10.231.${fourth >> 6}`;
  const [here, there] = [1, 2].map((host) => `${net}.${(fourth & 63) * 4 + host}`) as [string, string];
  const ip = findProgram('ip') ?? 'ip';
  const run = (...args: string[]) => execFileSync(ip, args, { stdio: 'pipe' });
  const inside = [ip, 'netns', 'exec', name];
  const filter = (change: '-A' | '-D') => {
    for (const chain of ['INPUT', 'OUTPUT']) {
      run(...inside.slice(1), findProgram('iptables') ?? 'iptables', change, chain, '-j', 'DROP');
    }
  };
  run('netns', 'add', name);
  try {
    run('link', 'add', `${cable}h`, 'type', 'veth', 'peer', 'name', `${cable}n`, 'netns', name);
    run('addr', 'add', `${here}/30`, 'dev', `${cable}h`);
    run('link', 'set', `${cable}h`, 'up');
    run('-n', name, 'addr', 'add', `${there}/30`, 'dev', `${cable}n`);
    run('-n', name, 'link', 'set', `${cable}n`, 'up');
    run('-n', name, 'link', 'set', 'lo', 'up');
  } catch (error) {
    run('netns', 'delete', name);
    throw error;
  }
  return {
    address: here,
    inside,
    cut: () => filter('-A'),
    mend: () => filter('-D'),
    // The cable goes with the namespace.
    close: () => void run('netns', 'delete', name),
  };
}
