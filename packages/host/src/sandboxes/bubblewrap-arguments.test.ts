import { describe, expect, test } from 'vitest';
import { type Box, bubblewrapArguments } from './bubblewrap-arguments.ts';

const BOX: Box = {
  system: {
    folders: ['/usr', '/etc/alternatives'],
    links: [['/bin', 'usr/bin']],
    files: [],
    proc: { fixed: ['/proc/sys'], maskedFiles: ['/proc/kcore'], maskedFolders: ['/proc/acpi'] },
  },
  installed: ['/opt/node/bin/node'],
  readable: ['/home/ann/repo/.git/hooks', '/home/ann/notes'],
  writable: ['/home/ann/repo', '/data/git'],
  pinned: ['/home/ann/repo/.git'],
  hiddenFiles: ['/home/ann/repo/.env'],
  hiddenFolders: ['/home/ann/repo/private'],
  barred: [],
  proxySocket: '/run/user/1000/p.sock',
  temporaryBytes: 1024,
  becomesOther: false,
  cwd: '/home/ann/repo',
  env: { PATH: '/usr/bin', 'NAME WITH BLANK': 'a\nb' },
  filterDescriptor: 4,
  files: [['/etc/passwd', new Uint8Array()]],
  fileDescriptors: 5,
};

/** One option with its values a line, as people read it. */
const lines = (box: Box) => bubblewrapArguments(box).join(' ').replaceAll(' --', '\n--').split('\n');

describe('the arguments of bubblewrap', () => {
  test('[WRK-21] a box as a whole', () => {
    expect(bubblewrapArguments(BOX).join(' ').replaceAll(' --', '\n--')).toMatchInlineSnapshot(`
      "--perms 0755
      --dir /etc
      --ro-bind /usr /usr
      --ro-bind /etc/alternatives /etc/alternatives
      --symlink usr/bin /bin
      --proc /proc
      --ro-bind /proc/sys /proc/sys
      --ro-bind /dev/null /proc/kcore
      --tmpfs /proc/acpi
      --remount-ro /proc/acpi
      --dev /dev
      --perms 1777
      --size 1024
      --tmpfs /dev/shm
      --remount-ro /dev
      --perms 1777
      --size 1024
      --tmpfs /tmp
      --perms 0777
      --dir /tmp/home
      --perms 0644
      --file 5 /etc/passwd
      --perms 0755
      --dir /data
      --perms 0755
      --dir /home
      --perms 0755
      --dir /opt
      --perms 0755
      --dir /home/ann
      --perms 0755
      --dir /opt/node
      --bind-try /data/git /data/git
      --perms 0755
      --dir /opt/node/bin
      --ro-bind-try /home/ann/notes /home/ann/notes
      --bind-try /home/ann/repo /home/ann/repo
      --ro-bind-try /opt/node/bin/node /opt/node/bin/node
      --bind-try /home/ann/repo/.git /home/ann/repo/.git
      --ro-bind /dev/null /home/ann/repo/.env
      --perms 0755
      --tmpfs /home/ann/repo/private
      --ro-bind-try /home/ann/repo/.git/hooks /home/ann/repo/.git/hooks
      --remount-ro /home/ann/repo/private
      --ro-bind /run/user/1000/p.sock /run/cadre/proxy.sock
      --dir /home/ann/repo
      --remount-ro /
      --unshare-ipc
      --unshare-pid
      --unshare-net
      --unshare-uts
      --unshare-cgroup-try
      --cap-drop ALL
      --die-with-parent
      --new-session
      --unshare-user
      --disable-userns
      --chdir /home/ann/repo
      --clearenv
      --setenv PATH /usr/bin
      --setenv NAME WITH BLANK a
      b
      --seccomp 4"
    `);
  });

  test('what is shown comes before what is in it, so that the deeper path decides', () => {
    const order = lines(BOX);
    const at = (text: string) => order.findIndex((line) => line.includes(text));
    expect(at('--bind-try /home/ann/repo ')).toBeLessThan(at('/home/ann/repo/.git/hooks'));
    expect(at('--bind-try /home/ann/repo ')).toBeLessThan(at('--ro-bind /dev/null /home/ann/repo/.env'));
    expect(at('--tmpfs /tmp')).toBeLessThan(at('/home/ann/repo'));
    expect(order.indexOf('--remount-ro /')).toBeGreaterThan(at('/home/ann/repo'));
  });

  test('hidden beats writable beats readable for one and the same path', () => {
    const order = lines({ ...BOX, readable: ['/x'], writable: ['/x'], hiddenFolders: ['/x'] }).filter(
      (line) => line.endsWith('/x'),
    );
    expect(order.slice(0, 3)).toEqual([
      '--ro-bind-try /x /x',
      '--bind-try /x /x',
      expect.stringContaining('--tmpfs /x'),
    ]);
  });

  test('root that becomes somebody else inside keeps only what that takes, and makes folders that anybody may pass', () => {
    const order = lines({ ...BOX, becomesOther: true });
    expect(order.filter((line) => line.startsWith('--cap') || line.includes('userns'))).toEqual([
      '--cap-drop ALL',
      '--cap-add CAP_SETUID',
      '--cap-add CAP_SETGID',
    ]);
    expect(order).not.toContain('--unshare-user');
    expect(bubblewrapArguments(BOX).join(' ')).toContain('--perms 0755 --dir /home/ann --');
  });

  test('the way to something inside a hidden folder is made after that is hidden', () => {
    const order = lines({
      ...BOX,
      writable: ['/home/ann'],
      hiddenFolders: ['/home/ann/.data'],
      readable: ['/home/ann/.data/a/b'],
    });
    const at = (text: string) => order.findIndex((line) => line.endsWith(text));
    expect(at('--dir /home/ann')).toBe(-1);
    expect(at('--tmpfs /home/ann/.data')).toBeLessThan(at('--dir /home/ann/.data/a'));
    expect(at('--dir /home/ann/.data/a')).toBeLessThan(
      at('--ro-bind-try /home/ann/.data/a/b /home/ann/.data/a/b'),
    );
  });

  test('the whole file system is never granted', () => {
    expect(lines({ ...BOX, readable: ['/'], writable: ['/'] }).some((line) => / \/ \/$/.test(line))).toBe(
      false,
    );
  });
});
