/** What a server has leased to a jail. */
export interface Lease {
  /** With its prefix. */
  address: string;
  gateway?: string;
  server: string;
  /** How long it holds, in seconds. */
  seconds: number;
}

/** See leaseFileSchema. */
export type LeaseFile =
  | (Omit<Lease, 'gateway'> & {
      state: 'bound';
      gateway?: string | undefined;
      /** ISO 8601. */
      obtained: string;
      fault?: string | undefined;
    })
  | { state: 'refused' | 'unanswered' | 'lost'; fault: string };
