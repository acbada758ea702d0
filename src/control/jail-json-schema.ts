import { z } from 'zod';
import { Field } from './deb822-types.ts';
import type { JailField } from './jail-field.ts';
import { jailFieldList } from './jail-fields.ts';
import type { JailPrefix } from './jail-schema.ts';
import { readField } from './read-field.ts';

/**
 * A zod schema of the Jail-* fields as text. It validates with the fields' own parsers. Only programs that need a
 * schema as such load this module; commands read declarations with parseJailDeclaration, without zod's start-up time.
 */
export function jailFieldsSchema(prefix: JailPrefix, fields = jailFieldList) {
  const shape: Record<string, z.ZodType<string | undefined>> = {};
  for (const info of fields) {
    const schema = fieldSchema(info);
    shape[prefix + info.name] = info.required ? schema : schema.optional();
  }
  return z.strictObject(shape).meta({
    title: prefix === 'Jail-' ? 'Jail fields of a .deb' : 'Jail fields of debian/control',
    description: 'The user-defined control fields (Debian Policy 5.7) by which a package declares its jail',
  });
}

function fieldSchema(info: JailField<unknown>): z.ZodType<string> {
  const text = info.pattern === undefined ? z.string() : z.string().regex(new RegExp(info.pattern));
  const base: z.ZodType<string> = info.choices === undefined ? text : z.enum(info.choices);
  return base
    .superRefine((value, context) => {
      readField(info, new Field(info.name, value), (_code, message) => context.addIssue(message));
    })
    .meta({
      description: `${info.doc}\n\nSyntax: ${info.syntax}`,
      examples: [info.example],
      ...(info.default === undefined ? {} : { 'x-default': info.default }),
    });
}

/** The JSON Schema (draft 2020-12) of the Jail-* fields, for editors and other tools. */
export function jailFieldsJsonSchema(
  prefix: JailPrefix = 'XB-Jail-',
  fields = jailFieldList,
): Record<string, unknown> {
  return { ...z.toJSONSchema(jailFieldsSchema(prefix, fields), { io: 'input' }) };
}
