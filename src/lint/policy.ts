import type { Severity } from './severity.ts';

/** A site's rules (`prodng-policy`), set centrally: a source cannot override them. Sizes in bytes. */
export interface Policy {
  capabilities?: { forbidden?: readonly string[] };
  networks?: { allowed: readonly ('none' | 'loopback' | 'macvlan')[] };
  limits?: {
    /** Fields that every jail must declare itself. */
    required?: readonly ('Memory' | 'Cpu' | 'Pids' | 'Io')[];
    memory?: number;
    cpu?: number;
    pids?: number;
  };
  hostPaths?: { allowed: readonly string[] };
  archives?: { allowedOrigins: readonly string[] };
  /** Kinds of debsigs signatures (`origin`, `maint`, ...) that every .deb must carry. */
  signatures?: { required: readonly string[] };
  /** Tags that count more or less here than elsewhere; `off` reports them no more. */
  tags?: Readonly<Record<string, Severity | 'off'>>;
  overrides?: { allowed?: boolean; forbiddenTags?: readonly string[] };
}
