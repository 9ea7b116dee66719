import { expect, test } from 'vitest';
import { diskFree } from './disk-free.ts';

test('tells free and total bytes of a file system', async () => {
  const { free, total } = await diskFree('/');
  expect(free).toBeGreaterThan(0);
  expect(total).toBeGreaterThanOrEqual(free);
  await expect(diskFree('/no/such/folder')).rejects.toMatchObject({ code: 'not_found' });
});
