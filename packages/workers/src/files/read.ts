import { contentVersion, decodeText, readBytes } from '@cadre/kit/files';
import { defineAction } from '@cadre/sdk';
import { resolveInside } from '../tree/safe-path.ts';

interface ReadInput {
  readonly path: string;
  readonly encoding?: 'utf8' | 'base64';
  readonly maxBytes?: number;
}

/** Fails with `not_found`, `too_large`, and `invalid_text` with `details.offset` in bytes. */
export const read = defineAction(async (input: ReadInput, context) => {
  const path = await resolveInside(context.workspace, input.path);
  const content = await readBytes(path, input.maxBytes === undefined ? {} : { limit: input.maxBytes });
  const { encoding = 'utf8' } = input;
  return {
    path: input.path,
    content: encoding === 'base64' ? content.toString('base64') : decodeText(content, input.path),
    encoding,
    bytes: content.length,
    version: contentVersion(content),
  };
});
