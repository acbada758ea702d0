import { compareVersions } from '../control/version.ts';
import type { LockedPackage } from './lock.ts';

/** By name, architecture and version: the same packages always give the same text. */
export function inLockOrder(a: LockedPackage, b: LockedPackage): number {
  return (
    compareText(a.name, b.name) ||
    compareText(a.architecture, b.architecture) ||
    compareVersions(a.version, b.version) ||
    compareText(a.sha256, b.sha256)
  );
}

/** By code units: the order must not depend on anybody's locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
