import { describe, expect, test } from 'vitest';
import { type Container, containerArguments } from './container-arguments.ts';

const CONTAINER: Container = {
  name: 'cadre-1-2-3',
  labels: { 'cadre.space': 'pid:[1]' },
  kind: 'podman',
  image: 'localhost/cadre-box:1',
  isForeign: false,
  system: ['/usr'],
  copies: [['/kept/1', '/etc/passwd']],
  environmentFile: '/kept/environment',
  empty: '/kept/empty',
  user: { uid: 1000, gid: 1001, isMapped: false },
  limits: {
    memoryBytes: 1024,
    processes: 10,
    openFiles: 20,
    diskBytes: 0,
    outputBytes: 0,
    temporaryBytes: 4096,
  },
  unlimited: new Set(),
  mostProcesses: 30,
  cwd: '/work',
  mountPoints: [],
  hasSelinux: false,
  files: [],
  env: { SECRET: 'value' },
  installed: ['/opt/node'],
  readable: ['/read'],
  barred: [],
  writable: ['/work'],
  pinned: [],
  hiddenFiles: [],
  hiddenFolders: [],
};

const argumentsOf = (changes: Partial<Container> = {}) =>
  containerArguments({ ...CONTAINER, ...changes }, ['/opt/node', 'main.js']);
const mountsOf = (changes: Partial<Container> = {}) => {
  const all = argumentsOf(changes);
  return all.filter((_, index) => all[index - 1] === '--mount');
};
const joined = (changes: Partial<Container> = {}) => argumentsOf(changes).join(' ');

describe('the arguments of an engine', () => {
  test('[WRK-19] take away what a container has by itself', () => {
    for (const part of [
      '--rm',
      '--network none',
      '--read-only',
      '--cap-drop all',
      '--security-opt no-new-privileges',
      '--ipc private',
      '--pull never',
      '--pids-limit 10',
      '--memory 1024b --memory-swap 1024b',
      '--ulimit nofile=20:20',
      '--ulimit nproc=30:30',
      '--user 1000:1001',
      '--unsetenv-all',
      '--http-proxy=false',
    ]) {
      expect(joined()).toContain(part);
    }
    const bare = joined({ unlimited: new Set(['memory', 'processes'] as const) });
    for (const part of ['--memory', '--pids-limit']) expect(bare).not.toContain(part);
    expect(joined()).not.toContain('SECRET');
    expect(argumentsOf().slice(-3)).toEqual(['sh', '/opt/node', 'main.js']);
  });

  test('[WRK-21] show each path once, as the last word on it says', () => {
    expect(
      mountsOf({ readable: ['/work', '/read'], hiddenFiles: ['/work/.env'], hiddenFolders: ['/read'] }),
    ).toEqual([
      'type=bind,src=/usr,dst=/usr,ro',
      'type=bind,src=/kept/1,dst=/etc/passwd,ro',
      'type=bind,src=/opt/node,dst=/opt/node,ro',
      'type=bind,src=/work,dst=/work',
      'type=bind,src=/kept/empty,dst=/read,ro',
      'type=bind,src=/dev/null,dst=/work/.env,ro',
      'type=bind,src=/kept/environment,dst=/run/cadre/environment,ro',
    ]);
  });

  test('[WRK-21] keep what is mounted inside of something read-only from being written', () => {
    const mounts = mountsOf({
      mountPoints: ['/', '/read/disk', '/work/disk', '/secret/disk', '/read/hidden/disk'],
      hiddenFolders: ['/read/hidden'],
    });
    expect(mounts).toContain('type=bind,src=/read,dst=/read,ro,bind-nonrecursive');
    expect(mounts).toContain('type=bind,src=/read/disk,dst=/read/disk,ro');
    expect(mounts.filter((mount) => mount.includes('disk'))).toHaveLength(1);
  });

  test('tell odd paths apart from options', () => {
    expect(mountsOf({ writable: ['/a,ro', '/b"c', '/d:e f'] })).toEqual(
      expect.arrayContaining([
        'type=bind,"src=/a,ro","dst=/a,ro"',
        'type=bind,"src=/b""c","dst=/b""c"',
        'type=bind,src=/d:e f,dst=/d:e f',
      ]),
    );
  });

  test('give docker no word that only podman knows, and none of its proxies', () => {
    const docker = joined({ kind: 'docker', pidFile: '/kept/pid' });
    for (const word of ['--pidfile', '--passwd', '--systemd', '--unsetenv-all', '--userns'])
      expect(docker).not.toContain(word);
    expect(docker).toContain('--env https_proxy= ');
    expect(joined({ user: { uid: 1, gid: 1, isMapped: true } })).toContain('--userns keep-id --user 1:1');
  });

  test('show what lies within something hidden', () => {
    const mounts = mountsOf({ hiddenFolders: ['/work/hidden'], readable: ['/work/hidden/shown'] });
    expect(mounts).toContain('type=tmpfs,dst=/work/hidden,ro,tmpfs-mode=0755,tmpfs-size=65536,notmpcopyup');
    expect(mounts).toContain('type=bind,src=/work/hidden/shown,dst=/work/hidden/shown,ro');
  });

  test('make the folder to start in where nothing shows it', () => {
    expect(mountsOf({ writable: [] })).toContain('type=bind,src=/kept/empty,dst=/work,ro');
    expect(mountsOf({ writable: [], installed: ['/work/in'] }).join()).not.toContain('dst=/work,');
    expect(mountsOf({ writable: [], cwd: '/tmp' }).some((mount) => mount.includes('dst=/tmp'))).toBe(false);
  });
});
