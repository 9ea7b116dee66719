import type { Fetched, FetchOptions, Outcome } from '@cadre/sdk';

/** The way out of whoever signs in at a server, in the name of the one who needs that; every step is decided and recorded. */
export interface Errand {
  /**
   * One request by https, or to this machine. No redirect is followed. What is not in the open network has to be permitted to the
   * worker by its exact name.
   */
  fetch(
    address: URL,
    options: Pick<FetchOptions, 'method' | 'headers'> & { body?: string },
  ): Promise<Outcome<Fetched>>;
  /** The value of a secret for the host of this address. */
  secret(name: string, address: URL): Promise<Outcome<string>>;
  /** From now on this value is masked. */
  hide(value: string): void;
}

/** Logins at servers. What they hold leaves them for requests to those servers alone. */
export interface Logins {
  /** Whether there is anything that could sign requests for it: else somebody has to log in before anybody is asked for more. */
  isReady(server: string): Promise<boolean>;
  /**
   * What signs requests to `address` for this server, renewed when it has run out or is the one that was `rejected`.
   * Failures: `not_configured` where somebody has to log in, `denied`, `provider_failed`.
   */
  token(server: string, address: URL, errand: Errand, rejected?: string): Promise<Outcome<string>>;
}

/** A person who signs in. */
export interface SigningIn {
  /** Where the authorization server sends the person back to. */
  readonly redirectUrl: string;
  /** Comes back with the person: nobody else knows it. */
  readonly state: string;
  readonly scope?: string;
  show(address: URL, at: { readonly issuer: string; readonly scope?: string }): void;
  /** What the person came back with, whose state was right. Rejects when nobody came. */
  answer(): Promise<URLSearchParams>;
}

export interface LoginState {
  readonly server: string;
  readonly grant: 'authorization_code' | 'client_credentials';
  /** Absent: nobody has signed in, or for another declaration. */
  readonly issuer?: string;
  readonly scope?: string;
  readonly since?: number;
  /** When what is kept runs out; absent: nobody has said. */
  readonly expiresAt?: number;
  /** It is renewed without anybody having to sign in. */
  readonly renews?: boolean;
}

/** What people do with logins. */
export interface LoginDesk extends Logins {
  /** A person signs in, or where the declaration says so the program. Failures as of `token`. */
  signIn(server: string, errand: Errand, person: SigningIn | undefined): Promise<Outcome<LoginState>>;
  /** Undefined: nothing is said of signing in. */
  state(server: string): Promise<LoginState | undefined>;
  /** Gives it back where that can be done, and forgets it whatever comes of that. False: there was none. */
  signOut(server: string, errand: Errand): Promise<boolean>;
}
