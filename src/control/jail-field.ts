import type { Field } from './deb822-types.ts';
import type { Report } from './field-value.ts';

/** Everything there is to know of one `Jail-*` field: parser, lint, JSON Schema and documentation come from it. */
export interface JailField<T> {
  /** Without its prefix: `Memory` is `XB-Jail-Memory` in a source and `Jail-Memory` in a .deb. */
  name: string;
  /** Whether every jail must have it. */
  required: boolean;
  /** The default, as one would write it; absent when the field is required. */
  default?: string;
  /** The form of the value, in a line or a few. */
  syntax: string;
  /** The only words that are allowed, for a field that takes one of a few. */
  choices?: readonly string[];
  /** A regular expression that every valid value matches, for editors; the parser may be stricter. */
  pattern?: string;
  /** What it means, in Markdown. */
  doc: string;
  /** A value that is valid. */
  example: string;
  /** Reads the value. Every fault is told to `report`; undefined then stands for a value that cannot be had. */
  parse(field: Field, report: Report): T | undefined;
  /** What holds when the field is absent. */
  fallback: T;
  /** Writes the value so that `parse` reads it back. */
  format(value: T): string;
}
