import { createHash } from 'node:crypto';
import { Marked } from 'marked';
import { isSafeHref } from './safe-href.ts';
import { MARK } from './site.ts';
import { slugger } from './slugger.ts';

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:0 auto;padding:1rem}pre{overflow-x:auto;padding:.6rem .8rem;border:1px solid #8884;border-radius:.3rem}code{font:.9em ui-monospace,monospace}h2{border-bottom:1px solid #8884}h3{margin-top:2rem}blockquote{margin-left:0;padding-left:1rem;border-left:.25rem solid #c60}table{border-collapse:collapse}td,th{border:1px solid #8884;padding:.2rem .5rem}`;
/** Nothing but this style may be loaded or run, should anything ever get past the escaping. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** Makes the HTML of a page from its Markdown. What is HTML in it becomes text. `linkOf` turns addresses of pages. */
export function htmlPage(markdown: string, title: string, linkOf: (href: string) => string): string {
  const slug = slugger();
  const marked = new Marked({
    renderer: {
      html: ({ text }) => escapeHtml(text),
      heading({ tokens, depth, text }) {
        const id = slug(text.replace(/^`+ ?| ?`+$/g, ''));
        return `<h${depth} id="${escapeHtml(id)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        return isSafeHref(href) ? `<a href="${escapeHtml(linkOf(href))}">${text}</a>` : text;
      },
      image: ({ text }) => escapeHtml(text),
    },
  });
  // The mark is a comment of its own in each of the two.
  const body = marked.parse(markdown.replace(/^<!--.*?-->\s*/, ''), { async: false });
  return `<!DOCTYPE html>
<!-- ${MARK} -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(POLICY)}">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body.trimEnd()}
</main>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
