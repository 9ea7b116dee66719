/** What JSON may hold as it is and a terminal acts upon: its 8-bit controls, and what turns the direction of a text. */
const ACTS = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** JSON for programs that can also be looked at: it means the same, and nothing in it moves or hides anything on a screen. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(
    ACTS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
