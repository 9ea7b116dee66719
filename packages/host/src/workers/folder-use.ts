/** Who wants the code of a folder, and who waits until nobody does. */
export interface FolderUse {
  /** Somebody wants it, from now until the work is over. */
  during<T>(folder: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nobody wants it and nothing of it runs. */
  unused(folder: string): Promise<void>;
  /** Something of it has ended. */
  ended(folder: string): void;
}

export function createFolderUse(runs: (folder: string) => boolean): FolderUse {
  const wanting = new Map<string, number>();
  const waiting = new Map<string, () => void>();

  function tell(folder: string): void {
    if (wanting.has(folder) || runs(folder)) return;
    waiting.get(folder)?.();
    waiting.delete(folder);
  }

  return {
    async during(folder, work) {
      wanting.set(folder, (wanting.get(folder) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const left = (wanting.get(folder) ?? 1) - 1;
        if (left === 0) wanting.delete(folder);
        else wanting.set(folder, left);
        tell(folder);
      }
    },
    unused(folder) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(folder, resolve);
      tell(folder);
      return promise;
    },
    ended: tell,
  };
}
