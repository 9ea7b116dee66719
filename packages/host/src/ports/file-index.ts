/**
 * What files held when they were last read, so that they need not be read again. An entry counts only while the file still
 * has the `stamp` under which it was noted; losing all of it costs time and nothing else.
 */
export interface FileIndex {
  /** All that is known of a place (a machine and a folder of it), by path. */
  read(place: string): Promise<ReadonlyMap<string, NotedFile>>;
  /** Notes some and forgets others, in one go. */
  note(place: string, files: ReadonlyMap<string, NotedFile>, forgotten: readonly string[]): Promise<void>;
}

export interface NotedFile {
  /** What the system says of the file: size, times, number. */
  readonly stamp: string;
  /** SHA-256 of its content. */
  readonly digest: string;
}
