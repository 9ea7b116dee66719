import type { JsonValue } from '@cadre/sdk';
import type { Mask } from './mask.ts';

export interface MaskedPieces {
  extend(piece: JsonValue): Promise<void>;
  /** Hands on what was held back. */
  end(): Promise<void>;
}

/**
 * Takes secrets out of texts that come in pieces: what could be the beginning of a secret at the end of one piece is held back
 * until the next one says whether it is.
 */
export function maskPieces(mask: Mask, extend: (piece: JsonValue) => Promise<void>): MaskedPieces {
  let held = '';

  async function hand(text: string): Promise<void> {
    if (text !== '') await extend(mask.text(text));
  }

  async function end(): Promise<void> {
    const text = held;
    held = '';
    await hand(text);
  }

  return {
    async extend(piece) {
      if (typeof piece !== 'string') {
        // Both at once: the piece after this one comes before what is handed on here is stored, and must not overtake it.
        await Promise.all([end(), extend(mask.data(piece))]);
        return;
      }
      const text = held + piece;
      const cut = text.length - mask.beginningAtEndOf(text);
      held = text.slice(cut);
      await hand(text.slice(0, cut));
    },
    end,
  };
}
