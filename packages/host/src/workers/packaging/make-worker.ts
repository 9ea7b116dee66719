import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError } from '@cadre/core';
import { didYouMean } from '@cadre/kit/files';
import { copyTemplate, TEMPLATES } from '../copy-template.ts';

const ID = /^[a-z][a-z0-9-]{1,49}$/;

/** `action`, `api`, `program`, `step`, `stream`. */
export async function listTemplates(): Promise<readonly string[]> {
  return (await readdir(join(TEMPLATES, 'worker'))).sort();
}

/** A worker to begin with, complete and tested, in a new folder. Throws `invalid_input` and `exists`. */
export async function makeWorker(id: string, template: string, folder: string): Promise<void> {
  const templates = await listTemplates();
  if (!ID.test(id) || id.startsWith('cadre-')) {
    throw new CadreError('invalid_input', `a worker cannot be called ${JSON.stringify(id)}`, {
      hint: 'use 2 to 50 lower-case letters, digits and hyphens, beginning with a letter, and not with cadre-',
    });
  }
  if (!templates.includes(template)) {
    throw new CadreError('invalid_input', `there is no template ${template}`, {
      hint: didYouMean(template, templates) ?? `there are ${templates.join(', ')}`,
    });
  }
  await copyTemplate(join('worker', template), id, folder);
}
