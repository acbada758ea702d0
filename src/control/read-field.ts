import { boundFaults } from './bound.ts';
import type { Field } from './deb822-types.ts';
import type { Report } from './field-value.ts';
import type { JailField } from './jail-field.ts';

/** Reads a field that is there: its syntax, then the bounds of its quantities. Undefined when a fault was reported. */
export function readField<T>(info: JailField<T>, field: Field, report: Report): T | undefined {
  // a field without a value says nothing, and saying nothing is done by leaving it out
  if (field.value.trim() === '') {
    report('jail-field-invalid', `the field is empty; allowed: ${info.syntax}`);
    return undefined;
  }
  const value = info.parse(field, report);
  if (value === undefined) return undefined;
  const faults = boundFaults(info.bounds, value);
  for (const { text, message } of faults) {
    const line = field.lines().findLast((each) => each.text.includes(text));
    const place = line && { line: line.line, column: line.column + line.text.indexOf(text) };
    report('jail-field-invalid', message, place);
  }
  return faults.length === 0 ? value : undefined;
}
