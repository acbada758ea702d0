import type { DeclarationChange } from '../../control/compare-declarations.ts';
import type { ControlChange } from './control-change.ts';
import type { FileChange } from './file-change.ts';
import type { PackageChange } from './package-change.ts';

/** One side of a comparison, as reports name it. */
export interface DiffSide {
  path: string;
  package?: string;
  version?: string;
}

/** All that differs between two jails, in the order in which a reviewer wants it. */
export interface TreeDiff {
  old: DiffSide;
  new: DiffSide;
  /** Rights gained come first. */
  declarations: DeclarationChange[];
  /** Why some part could not be compared; each is a thing that a reviewer must know. */
  notes: string[];
  packages: PackageChange[];
  control: ControlChange[];
  files: FileChange[];
}

/** Whether there is anything that a reviewer should see. */
export function isDifferent({ declarations, notes, packages, control, files }: TreeDiff): boolean {
  return [declarations, notes, packages, control, files].some((list) => list.length > 0);
}
