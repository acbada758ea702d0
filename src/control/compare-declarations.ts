import { ownValue } from '../system/own-value.ts';
import type { JailDeclaration } from './jail-declaration.ts';
import type { FieldChange, FieldTable } from './jail-field.ts';
import { jailFields } from './jail-fields.ts';

/** One right, limit or setting that two declarations differ in. */
export interface DeclarationChange extends FieldChange {
  /** `Jail-Capabilities`. */
  field: string;
}

const order = ['gained', 'lost', 'changed'];

/** Compares what two jails declare: rights gained first, then lost, then what is merely different. */
export function compareDeclarations(before: JailDeclaration, after: JailDeclaration): DeclarationChange[] {
  return compareFields(jailFields, before, after);
}

/** As compareDeclarations, for the values of any table. */
export function compareFields(
  table: FieldTable,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): DeclarationChange[] {
  return Object.entries(table)
    .flatMap(([key, info]) =>
      info
        .compare(ownValue(before, key), ownValue(after, key))
        .map((change): DeclarationChange => ({ field: `Jail-${info.name}`, ...change })),
    )
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
