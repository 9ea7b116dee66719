import type { Editor } from './edit.ts';

/** JSON has no comments; what is kept is the order of keys, the indentation and the last line end. */
export const editJson: Editor = (text, _path, _value, expected) => {
  const indent = /\n([ \t]+)/.exec(text)?.[1] ?? '  ';
  const ending = text === '' || text.endsWith('\n') ? '\n' : '';
  return JSON.stringify(expected, null, indent) + ending;
};
