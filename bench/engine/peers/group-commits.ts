/** What is to be committed while a commit goes on is committed by the next one, together. */
export function groupCommits<Item>(
  write: (items: readonly Item[]) => Promise<void>,
): (item: Item) => Promise<void> {
  let waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let writing = false;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await write(group.map(({ item }) => item));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    writing = false;
  }

  return (item) => {
    if (!writing) {
      writing = true;
      setImmediate(() => void writeAll());
    }
    return new Promise((resolve, reject) => waiting.push({ item, resolve, reject }));
  };
}
