import type { Requirement } from '../dependency/requirement.ts';

/** What a `SKILL.md` says: an Agent Skill, with what Cadre reads of its `metadata`. */
export interface Skill {
  /** `name` of the file, and of its folder. */
  readonly id: string;
  readonly version: string;
  /** When a bot should take it up. */
  readonly description: string;
  readonly title?: string;
  readonly author?: string;
  readonly licence?: string;
  /** What it needs of its surroundings, in words. */
  readonly compatibility?: string;
  readonly tags: readonly string[];
  /** Tools that it would like a bot to use without asking, as it names them. */
  readonly allowedTools: readonly string[];
  readonly requires: readonly Requirement[];
  /** The range of versions of Cadre that it wants. */
  readonly cadre?: string;
  /** What else its `metadata` say, for whoever reads that. */
  readonly metadata: Readonly<Record<string, string>>;
  /** All that follows the front matter: text for bots. */
  readonly instructions: string;
}
