import { biome } from './biome.ts';
import { black } from './black.ts';
import { eslint } from './eslint.ts';
import { flake8 } from './flake8.ts';
import { goTools } from './go.ts';
import { prettier } from './prettier.ts';
import { pythonImports } from './python-imports.ts';
import { ruff } from './ruff.ts';
import { rustfmt } from './rust.ts';
import { shellTools } from './shell.ts';
import type { Tool } from './tool.ts';

/**
 * Every formatter and linter, in the order in which they run: within a stage, what adds or removes code comes before
 * what lays it out, so that a second run finds nothing to do.
 */
export const TOOLS: readonly Tool[] = [
  ...pythonImports,
  ...ruff,
  black,
  flake8,
  eslint,
  ...biome,
  prettier,
  ...goTools,
  rustfmt,
  ...shellTools,
];

/** The name by which the built-in pass is selected and reported. */
export const BUILT_IN = 'built-in';
