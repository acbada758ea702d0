import { z } from 'zod';
import { boundFaults } from './bound.ts';
import type { FieldTable, JailField } from './jail-field.ts';
import { jailFields } from './jail-fields.ts';

/** A declaration as a value in JSON, as the API answers it. Each field's `json` is typed by the field's value. */
export const jailDeclarationSchema = valuesSchema(jailFields).meta({ id: 'JailDeclaration' });

/** The JSON form of the values of any table. */
export function valuesSchema(table: FieldTable): z.ZodObject<Record<string, z.ZodType>> {
  return z.strictObject(
    Object.fromEntries(Object.entries(table).map(([key, info]) => [key, valueSchema(info)])),
  );
}

function valueSchema(info: JailField<unknown>): z.ZodType {
  return info
    .json(z)
    .superRefine((value, context) => {
      for (const { message } of boundFaults(info.bounds, value)) context.addIssue(message);
    })
    .meta({ description: info.doc });
}
