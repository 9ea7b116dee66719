import { type Notice, shortened } from './notice.ts';

const COLOURS = { succeeded: 0x2e7d32, failed: 0xc62828, recovered: 0xf9a825, info: 0x1565c0 } as const;

/** Discord counts all texts of the embeds together. */
const MAX_EMBED = 6_000;

/**
 * One embed for a Discord webhook, with its limits: title 256, description 4,096, 25 fields of 256 and 1,024, 6,000 in
 * all. Nobody is mentioned, whatever the text holds.
 */
export function discordPayload(notice: Notice): object {
  const title = shortened(notice.title ?? '', 256);
  const description = shortened(notice.text, 4_096);
  return {
    allowed_mentions: { parse: [] },
    embeds: [
      {
        ...(title === '' ? {} : { title }),
        ...(description === '' ? {} : { description }),
        ...(notice.link === undefined ? {} : { url: notice.link }),
        color: COLOURS[notice.status ?? 'info'],
        fields: fieldsWithin(notice, MAX_EMBED - title.length - description.length),
      },
    ],
  };
}

/** As many fields as still fit; empty names and values, which are refused, become a blank that is not. */
function fieldsWithin(notice: Notice, room: number): object[] {
  const fields: object[] = [];
  let left = room;
  for (const field of (notice.fields ?? []).slice(0, 25)) {
    const name = shortened(field.name, 256) || '\u200b';
    const value = shortened(field.value, 1_024) || '\u200b';
    left -= name.length + value.length;
    if (left < 0) break;
    fields.push({ name, value, inline: value.length <= 40 });
  }
  return fields;
}
