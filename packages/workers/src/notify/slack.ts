import { type Notice, shortened } from './notice.ts';

const MARKS = { succeeded: '✅', failed: '❌', recovered: '♻️', info: 'ℹ️' } as const;

/**
 * A message for an incoming webhook in blocks, with Slack's limits: header 150, section 3,000, ten fields of 2,000
 * characters, text 4,000. `text` is what notifications and screen readers show.
 */
export function slackPayload(notice: Notice): object {
  const mark = MARKS[notice.status ?? 'info'];
  const fields = (notice.fields ?? []).slice(0, 10).map(({ name, value }) => ({
    type: 'mrkdwn',
    text: shortened(`*${escapeText(name)}*\n${escapeText(value)}`, 2_000),
  }));
  const header =
    notice.title === undefined ? [] : [block('header', 'plain_text', `${mark} ${notice.title}`, 150)];
  return {
    text: shortened(escapeText([notice.title, notice.text].filter(Boolean).join(': ')), 4_000),
    blocks: [
      ...header,
      ...(notice.text === '' ? [] : [block('section', 'mrkdwn', escapeText(notice.text), 3_000)]),
      ...(fields.length === 0 ? [] : [{ type: 'section', fields }]),
      ...(notice.link === undefined
        ? []
        : [block('section', 'mrkdwn', `<${encodeLink(notice.link)}|Show>`, 3_000)]),
    ],
  };
}

function block(type: string, form: 'plain_text' | 'mrkdwn', text: string, limit: number): object {
  return { type, text: { type: form, text: shortened(text, limit) } };
}

/** The three characters that have a meaning in Slack's text: nobody is mentioned by what a tool printed. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function encodeLink(link: string): string {
  return link.replaceAll('|', '%7C').replaceAll('>', '%3E').replaceAll('<', '%3C');
}
