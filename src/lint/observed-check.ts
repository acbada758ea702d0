import { declaredOf } from '../observe/declared.ts';
import { discrepancies } from '../observe/discrepancies.ts';
import type { Discrepancy, DiscrepancyKind } from '../observe/discrepancy.ts';
import type { Profile } from '../observe/profile.ts';
import type { Found } from './finding.ts';
import type { DeclaredSubject } from './subject.ts';

/** The check of one kind of difference between declaration and record. */
export function checkOf(kind: DiscrepancyKind): (subject: DeclaredSubject, profile: Profile) => Found[] {
  return (subject, profile) =>
    compared(subject, profile)
      .filter((each) => each.kind === kind)
      .map(({ message, context, field }) => ({
        message,
        context,
        ...(field === undefined ? {} : { field }),
      }));
}

const known = new WeakMap<DeclaredSubject, Discrepancy[]>();

/** All tags of one subject ask for the same. */
function compared(subject: DeclaredSubject, profile: Profile): Discrepancy[] {
  const before = known.get(subject);
  if (before !== undefined) return before;
  // the version of a source is in its changelog, and changes with the next build
  const version = subject.kind === 'deb' ? subject.stanza?.field('Version')?.value : undefined;
  const found = discrepancies(declaredOf(subject.declaration), version ?? profile.version, profile);
  known.set(subject, found);
  return found;
}
