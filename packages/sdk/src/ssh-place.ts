/** Where somebody wants to get by ssh, as it is written in an address: the host may be an alias of the person's own. */
export interface SshPlace {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

/** What the host found out about such a place; all of it is public. */
export interface SshAccess {
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  /** Under which name the key of the host is known, when that is not the host's own. */
  readonly hostKeyAlias?: string;
  /** Lines of `known_hosts`, never none. */
  readonly knownHosts: string;
  /** Public halves of keys in the agent, to be tried in this order. */
  readonly publicKeys: readonly string[];
  /** No other key of the agent is tried. */
  readonly identitiesOnly: boolean;
}
