/** Somebody who signs: a key of the store, or one that gpg holds, on a token for instance. */
export interface Signer {
  /** 40 upper-case hex digits. */
  readonly fingerprint: string;
  /** `Name <mail@example.org>`. */
  readonly userId: string;
  /** A detached OpenPGP signature of `data`, binary. */
  detached(data: AsyncIterable<Uint8Array>): Promise<Uint8Array>;
  /** The text clearsigned (RFC 9580, 7), as .changes and .buildinfo are. */
  clearsigned(text: string): Promise<string>;
  /** A plain Ed25519 signature (RFC 8032), which DSSE verifiers read; undefined where the key is of another kind. */
  plain(data: Uint8Array): Promise<Uint8Array | undefined>;
  /** The public key, armoured, for those who verify. */
  publicKey(): Promise<string>;
}

/** When signatures say they were made. */
export interface SignatureTime {
  date: Date;
  /** The date was given, by SOURCE_DATE_EPOCH, so that the same bytes come out again. */
  fixed: boolean;
}

/** SOURCE_DATE_EPOCH when it is set, otherwise now. An invalid one counts as none, as it does for dpkg. */
export function signatureTime(env: Readonly<Record<string, string | undefined>>): SignatureTime {
  const epoch = env.SOURCE_DATE_EPOCH ?? '';
  if (/^\d{1,10}$/.test(epoch)) return { date: new Date(Number(epoch) * 1000), fixed: true };
  // OpenPGP counts seconds
  return { date: new Date(Math.floor(Date.now() / 1000) * 1000), fixed: false };
}
