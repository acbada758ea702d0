import type { JailBind } from '../runtime/oci-spec.ts';
import type { Account } from '../storage/account.ts';
import type { UidRange } from '../storage/uid-range.ts';

/** What, beside the declaration, decides what must be in force. */
export interface Expected {
  account: Account;
  range: UidRange;
  cgroupsPath: string;
  binds: readonly JailBind[];
  terminal: boolean;
  /** Limits of block devices, by number: `8:0 rbps 1048576`. */
  io: readonly string[];
  /** Paths in /proc that must be covered, and that must be read-only: those that this kernel has. */
  masked: readonly string[];
  readonly: readonly string[];
}
