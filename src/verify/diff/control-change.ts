import type { Paragraph } from '../../control/deb822-types.ts';

/** A field of the control file that differs. */
export interface ControlChange {
  field: string;
  old?: string;
  new?: string;
}

/** The fields that differ, without `Jail-*`, whose meaning is compared, and Installed-Size, which follows from the files. */
export function compareControl(before: Paragraph | undefined, after: Paragraph | undefined): ControlChange[] {
  const names = new Map(
    [...(before?.fields ?? []), ...(after?.fields ?? [])].map(({ name }) => [name.toLowerCase(), name]),
  );
  return [...names.values()].flatMap((field) => {
    if (/^(?:jail-.*|installed-size)$/i.test(field)) return [];
    const [old, now] = [before?.get(field), after?.get(field)];
    if (old === now) return [];
    return [{ field, ...(old === undefined ? {} : { old }), ...(now === undefined ? {} : { new: now }) }];
  });
}
