/** Names of headings as GitHub makes them, so that links hold there and in the HTML; the second of a name gets `-1`. */
export function slugger(): (heading: string) => string {
  const taken = new Set<string>();
  return (heading) => {
    const name = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    let slug = name;
    for (let count = 1; taken.has(slug); count += 1) slug = `${name}-${count}`;
    taken.add(slug);
    return slug;
  };
}
