import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSkill } from '@cadre/core';
import { loadSkills } from '@modelcontextprotocol/server/ext/skills/node';
import { expect, onTestFinished, test } from 'vitest';

const TEMPLATE = join(import.meta.dirname, '../templates/skill');

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'cadre-format-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Names of the skills that a reader of others takes. It throws what it does not. */
async function takenByOthers(root: string): Promise<readonly string[]> {
  const catalog = await loadSkills(root, { strict: true });
  return catalog.entries.map(({ frontmatter }) => frontmatter.name);
}

test('[BOT-14] what Cadre writes into metadata, any other reader of Agent Skills takes', async () => {
  const root = folder();
  cpSync(TEMPLATE, join(root, 'release-notes'), { recursive: true });
  const file = join(root, 'release-notes/SKILL.md');
  const text = readFileSync(file, 'utf8').replaceAll('NAME', 'release-notes');
  writeFileSync(file, text);
  mkdirSync(join(root, 'house-style'));
  writeFileSync(
    join(root, 'house-style/SKILL.md'),
    `---
name: house-style
description: How we write. Use it before a text is given to others.
license: MIT
compatibility: none
allowed-tools: Read
metadata:
  version: "1.4.0"
  author: Ann
  tags: "writing"
  display-name: House style
  cadre-engine: ">=0.1.0"
  cadre-requires-workers: "files@>=0.1.0, git?@^1"
  cadre-requires-skills: "tone@^1"
---

Short sentences.
`,
  );
  expect([...(await takenByOthers(root))].sort()).toEqual(['house-style', 'release-notes']);
  expect(parseSkill(text, { folder: 'release-notes' })).toMatchObject({ ok: true, problems: [] });
});

test.each([
  ['another name than its folder', (text: string) => text.replace('name: a', 'name: b')],
  ['no description', (text: string) => text.replace(/description:.*\n/, '')],
  ['a name with capitals', (text: string) => text.replace('name: a', 'name: A')],
])('[BOT-14] with %s neither takes it', async (_, change) => {
  const root = folder();
  mkdirSync(join(root, 'a'));
  const text = change('---\nname: a\ndescription: Does it.\n---\n\nDo it.\n');
  writeFileSync(join(root, 'a/SKILL.md'), text);
  await expect(takenByOthers(root)).rejects.toThrow();
  expect(parseSkill(text, { folder: 'a' }).ok).toBe(false);
});
