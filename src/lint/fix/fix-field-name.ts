import type { Paragraph } from '../../control/deb822-types.ts';
import { jailFieldList } from '../../control/jail-fields.ts';
import { nearest } from '../../control/suggest.ts';

const names = jailFieldList.map(({ name }) => name);

/** The name that a field of a jail should have: the right prefix, and the field that is meant if it is not there yet. */
export function fixedFieldName(name: string, stanza: Paragraph): string {
  const own = /^(?:X[BCS]*-)?Jail-(.+)$/i.exec(name)?.[1];
  if (own === undefined) return name;
  const meant = names.find((each) => each.toLowerCase() === own.toLowerCase()) ?? nearest(own, names);
  const right = `XB-Jail-${meant}`;
  if (meant === undefined || name.toLowerCase() === right.toLowerCase()) return name;
  return stanza.field(right) === undefined ? right : name;
}
