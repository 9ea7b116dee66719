import type { CommandEntry } from './command.ts';
import { HELPING } from './entries/helping.ts';
import { KEEPING } from './entries/keeping.ts';
import { LOOKING } from './entries/looking.ts';
import { MCP } from './entries/mcp.ts';
import { PACKAGING } from './entries/packaging.ts';
import { PERMITTING } from './entries/permitting.ts';
import { RUNNING } from './entries/running.ts';
import { SERVING } from './entries/serving.ts';
import { SETTLING } from './entries/settling.ts';
import { SKILLS } from './entries/skills.ts';
import { STEERING } from './entries/steering.ts';
import { TRIGGERING } from './entries/triggering.ts';

/** Every command of `cadre`, in the order of its help. */
export const COMMANDS: readonly CommandEntry[] = [
  ...RUNNING,
  ...LOOKING,
  ...STEERING,
  ...TRIGGERING,
  ...SERVING,
  ...MCP,
  ...PACKAGING,
  ...SKILLS,
  ...PERMITTING,
  ...SETTLING,
  ...KEEPING,
  ...HELPING,
];
