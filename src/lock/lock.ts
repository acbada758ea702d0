import type { JailDeclaration } from '../control/jail-declaration.ts';
import type { ReleaseIdentity } from '../store/release-identity.ts';

/**
 * What a locked package is for: the build root, the rootfs, or the root in which the maintainer scripts of the rootfs
 * run (`Jail-Compose: install`).
 */
export type PackageUse = 'build' | 'rootfs' | 'install';

/** All uses, in the order in which they are written. */
export const packageUses = ['build', 'rootfs', 'install'] as const satisfies readonly PackageUse[];

/** One package, pinned to its bytes. */
export interface LockedPackage {
  name: string;
  version: string;
  architecture: string;
  /** As in a Packages index: only when it differs from the package, with a version when that differs. */
  source?: string;
  /** The text of its Provides field: which dependencies it satisfies under another name. */
  provides?: string;
  /** Relative to the archive's root: `pool/main/...`. */
  poolPath: string;
  /** Bytes. */
  size: number;
  sha256: string;
  /** The name of the archive it came from. */
  archive: string;
  /** In the order of packageUses; never empty. */
  use: PackageUse[];
}

/** debian/jail.lock: every input of a build, pinned by SHA-256, and what it was resolved from. */
export interface Lock {
  format: 1;
  architecture: string;
  /** Build-Depends, -Arch and -Indep of the source, as relation text. */
  buildDepends: string;
  /** Depends of the jail's stanza with its substitution variables. */
  depends: string;
  /** Depends of the package as built; undefined as long as the rootfs is not resolved. */
  builtDepends?: string;
  archives: ReleaseIdentity[];
  packages: LockedPackage[];
}

/** The lock's place in a source. */
export const lockFile = 'debian/jail.lock';

/** The locked packages of one use. */
export function packagesFor(lock: Lock, use: PackageUse): LockedPackage[] {
  return lock.packages.filter((item) => item.use.includes(use));
}

/** Whether a lock with a resolved rootfs was resolved for that `Jail-Compose`. */
export function isComposedAs(compose: JailDeclaration['compose'], lock: Lock): boolean {
  return lock.packages.some(({ use }) => use.includes('install')) === (compose === 'install');
}

/** The identity of a package within a lock: build root and rootfs may hold different versions of one. */
export function packageKey(item: { name: string; architecture: string; version: string }): string {
  return `${item.name}:${item.architecture}=${item.version}`;
}
