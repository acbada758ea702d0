import { ownValue } from '../system/own-value.ts';
import { tenths } from './exposure-row.ts';
import type { JailDeclaration } from './jail-declaration.ts';
import type { ExposureRow, FieldTable } from './jail-field.ts';
import { jailFields } from './jail-fields.ts';

/** How much of the host and the network a jail could reach if its service were taken over. */
export interface Exposure {
  /** 0 (nothing) to 10, one decimal. */
  value: number;
  /** Why, by the most that each row could add; rows that add nothing are there too. */
  rows: ExposureRow[];
}

/** The exposure of a jail by what it declares: of a source, a .deb or a running jail alike. It informs; tags decide. */
export function exposureScore(declaration: JailDeclaration): Exposure {
  return exposureOfFields(jailFields, declaration);
}

/** As exposureScore, for the values of any table. */
export function exposureOfFields(
  table: FieldTable,
  declaration: Readonly<Record<string, unknown>>,
): Exposure {
  const rows = Object.entries(table)
    .flatMap(([key, info]) => info.exposure(ownValue(declaration, key)))
    .toSorted((a, b) => b.most - a.most);
  const total = rows.reduce((sum, { points }) => sum + points, 0);
  return { value: tenths(Math.min(10, total)), rows };
}
