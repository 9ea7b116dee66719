import { describe, expect, test } from 'vitest';
import { type Box, bubblewrapArguments } from './bubblewrap-arguments.ts';

const BOX: Box = {
  system: {
    folders: ['/usr', '/etc/alternatives'],
    links: [['/bin', 'usr/bin']],
    files: [['/etc/passwd', new Uint8Array()]],
    proc: { fixed: ['/proc/sys'], maskedFiles: ['/proc/kcore'], maskedFolders: ['/proc/acpi'] },
  },
  installed: ['/opt/node/bin/node'],
  readable: ['/home/ann/repo/.git/hooks', '/home/ann/notes'],
  writable: ['/home/ann/repo', '/data/git'],
  hiddenFiles: ['/home/ann/repo/.env'],
  hiddenFolders: ['/home/ann/repo/private'],
  proxySocket: '/run/user/1000/p.sock',
  temporaryBytes: 1024,
  cwd: '/home/ann/repo',
  env: { PATH: '/usr/bin', 'NAME WITH BLANK': 'a\nb' },
  filterDescriptor: 4,
  fileDescriptors: 5,
};

/** One option with its values a line, as people read it. */
const lines = (box: Box) => bubblewrapArguments(box).join(' ').replaceAll(' --', '\n--').split('\n');

describe('the arguments of bubblewrap', () => {
  test('[WRK-21] a box as a whole', () => {
    expect(bubblewrapArguments(BOX).join(' ').replaceAll(' --', '\n--')).toMatchInlineSnapshot(`
      "--ro-bind /usr /usr
      --ro-bind /etc/alternatives /etc/alternatives
      --symlink usr/bin /bin
      --perms 0644
      --file 5 /etc/passwd
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
      --perms 0700
      --dir /tmp/home
      --bind-try /data/git /data/git
      --ro-bind-try /home/ann/notes /home/ann/notes
      --bind-try /home/ann/repo /home/ann/repo
      --ro-bind-try /opt/node/bin/node /opt/node/bin/node
      --ro-bind /dev/null /home/ann/repo/.env
      --perms 0755
      --tmpfs /home/ann/repo/private
      --ro-bind-try /home/ann/repo/.git/hooks /home/ann/repo/.git/hooks
      --remount-ro /home/ann/repo/private
      --ro-bind /run/user/1000/p.sock /run/cadre/proxy.sock
      --dir /home/ann/repo
      --remount-ro /
      --unshare-all
      --unshare-user
      --disable-userns
      --cap-drop ALL
      --die-with-parent
      --new-session
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

  test('the whole file system is never granted', () => {
    expect(lines({ ...BOX, readable: ['/'], writable: ['/'] }).some((line) => / \/ \/$/.test(line))).toBe(
      false,
    );
  });
});
