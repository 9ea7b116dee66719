/** Speaks SQL to a store that many processes share; inside a transaction, one that somebody else began and ends. */
export interface Transaction {
  // biome-ignore lint/suspicious/noExplicitAny: rows are whatever the statement gives; this is also what pg-boss asks for.
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>;
}
