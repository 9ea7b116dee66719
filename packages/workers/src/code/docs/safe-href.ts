/**
 * Whether an address may stand in a link: the web, mail, or a place in the repository. Entities and control characters
 * hide schemes such as `javascript:` from a simple look, so that no address without a scheme may hold them.
 */
export function isSafeHref(href: string): boolean {
  if (/^(https?|mailto):[^\s<>"]+$/i.test(href)) return true;
  return isRelativeHref(href);
}

export function isRelativeHref(href: string): boolean {
  return /^[^\s:&<>"\\\p{Cc}]+$/u.test(href) && !href.startsWith('//');
}

/** A path as it stands in a link: Markdown would end it at a bracket. */
export function encodePath(path: string): string {
  return path
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(
        /[()'*!]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
}
