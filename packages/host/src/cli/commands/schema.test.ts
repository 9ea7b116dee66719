import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryPlace } from '../testing/temporary-place.ts';

describe('cadre schema', () => {
  test('[WRK-1] prints the schema of a kind of file, by which editors complete and explain', async () => {
    const printed = await temporaryPlace({}).cadre('schema', 'worker');
    expect(printed.code).toBe(0);
    expect(JSON.parse(printed.stdout)).toMatchObject({
      $id: 'https://cadre.dev/schema/v1/worker.json',
      properties: { id: { type: 'string' }, actions: { type: 'array' } },
    });
  });

  test('keeps all of them in the workspace, and says the next time which have changed', async () => {
    const place = temporaryPlace({});
    const folder = join(place.folder, '.cadre/schemas');
    expect((await place.cadre('schema', '--write')).stdout).toContain('wrote worker.json, workflow.json');
    expect(readdirSync(folder)).toContain('trigger.json');
    expect((await place.cadre('schema', '--write')).stdout).toContain('is up to date');
    writeFileSync(join(folder, 'trigger.json'), '{}');
    expect((await place.cadre('schema', '--write')).stdout).toContain('wrote trigger.json to');
    expect(JSON.parse(readFileSync(join(folder, 'trigger.json'), 'utf8'))).toHaveProperty('$id');
  });

  test('lists what there is, and says what was probably meant', async () => {
    const place = temporaryPlace({});
    const { schemas } = JSON.parse((await place.cadre('schema', '--json')).stdout);
    expect(schemas.map(({ name }: { name: string }) => name)).toContain('mcp-server');
    expect(await place.cadre('schema', 'wokrer')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean worker?'),
    });
  });
});
