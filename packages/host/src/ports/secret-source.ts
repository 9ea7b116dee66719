/** Where the values of secrets are. They leave it only through the gate. */
export interface SecretSource {
  /** Undefined when there is no such secret. */
  find(name: string): Promise<string | undefined>;
}
