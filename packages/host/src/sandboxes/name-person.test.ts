import { expect, test } from 'vitest';
import { namePerson } from './name-person.ts';

const HOSTS = ['/etc/hosts', Buffer.from('x')] as const;
const text = (files: ReturnType<typeof namePerson>) =>
  Buffer.from(files.find(([path]) => path === '/etc/passwd')?.[1] ?? []).toString();

test('somebody who stands in the file of names keeps that name', () => {
  const files = [['/etc/passwd', Buffer.from('ann:x:1000:1000::/home/ann:/bin/sh\n')] as const, HOSTS];
  expect(namePerson(files, { uid: 1000, gid: 1000 }, '/tmp/home')).toBe(files);
});

test('somebody who does not gets a line of their own, with or without such a file', () => {
  const files = [['/etc/passwd', Buffer.from('root:x:0:0::/root:/bin/sh')] as const, HOSTS];
  const line = 'person:x:100:7::/tmp/home:/bin/sh\n';
  const named = namePerson(files, { uid: 100, gid: 7 }, '/tmp/home');
  expect(text(named)).toBe(`root:x:0:0::/root:/bin/sh\n${line}`);
  expect(named).toContain(HOSTS);
  expect(text(namePerson([HOSTS], { uid: 100, gid: 7 }, '/tmp/home'))).toBe(line);
});
