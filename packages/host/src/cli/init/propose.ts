import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { App } from '../../app.ts';
import { detectFormatters, detectRunners } from '../run/detect-tools.ts';
import { type CiSystem, findCi } from './find-ci.ts';

/** What is found in a repository, and the settings that fit it. */
export interface Proposal {
  readonly languages: readonly string[];
  readonly tools: readonly string[];
  readonly ci: readonly CiSystem[];
  /** Keys of the section `hygiene` in the order in which they are written, each with the reason as a comment. */
  readonly settings: readonly { readonly key: string; readonly value: JsonValue; readonly why: string }[];
}

export async function propose(app: App): Promise<Proposal> {
  const [formatters, runners, languages, ci] = [
    await detectFormatters(app),
    await detectRunners(app),
    await detectLanguages(app),
    await findCi(app.place.root),
  ];
  const tested = runners.length > 0;
  return {
    languages,
    tools: [...new Set([...formatters, ...runners].map(({ name }) => name))],
    ci,
    settings: [
      { key: 'profile', value: 'standard', why: 'Used when none is named: cadre hygiene profiles' },
      {
        key: 'coverage',
        value: tested ? 85 : 0,
        why: 'Floor of line coverage in percent; 0 turns it off',
      },
      { key: 'requireTests', value: tested, why: 'A repository without tests is not clean' },
      {
        key: 'protected',
        value: ['main', 'master', 'release/*'],
        why: 'Never committed to, never pushed',
      },
      ...(tested ? [] : [{ key: 'profiles', value: WITHOUT_TESTS, why: 'There are no tests to run here' }]),
    ],
  };
}

/** The shipped profiles of these names run and require tests. */
const WITHOUT_TESTS: JsonObject = {
  quick: { steps: ['format', 'lint'], inputs: { commit: false } },
  ci: {
    steps: ['format', 'lint', 'scan', 'audit', 'ready', 'verdict'],
    inputs: { check: true, audit: true, commit: false },
  },
};

async function detectLanguages(app: App): Promise<readonly string[]> {
  const outcome = await app.call('code/detect', {});
  if (!outcome.ok) return [];
  const { languages } = outcome.output as unknown as { languages: readonly { name: string }[] };
  return languages.map(({ name }) => name).filter((name) => name !== 'other');
}
