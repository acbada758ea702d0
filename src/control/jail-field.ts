import type { z } from 'zod';
import type { Bound } from './bound.ts';
import type { Field } from './deb822-types.ts';
import type { Report } from './field-value.ts';

/** One difference between two values of a field. */
export interface FieldChange {
  /** `gained`: the jail may do more than before, which needs consent. `changed`: neither more nor less. */
  kind: 'gained' | 'lost' | 'changed';
  /** Absent when there was nothing before. */
  old?: string;
  /** Absent when nothing is left. */
  new?: string;
}

/** What a value adds to the exposure of a jail: how much its service could reach if it were taken over. */
export interface ExposureRow {
  what: string;
  /** What it adds to the score, at most `most`; rounded to a tenth. */
  points: number;
  /** The most that this row could add. */
  most: number;
  why: string;
}

/**
 * What the runtime reads back from the kernel before the service's first instruction. Each has one check in src/jail;
 * a fact without a check there does not compile.
 */
export type ReadBack = 'account' | 'capabilities' | 'mounts' | 'memory' | 'cpu' | 'pids' | 'io' | 'seccomp';

/**
 * Everything about one `Jail-*` field. Parser, writer, declaration type, JSON Schemas, documentation,
 * comparison, consent, exposure, read-back and summary iterate the table of these; no other place lists fields.
 *
 * The members that take a `T` are methods: a table of fields of different types is then a `FieldTable`.
 */
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
  /** The floor and ceiling of each size, time, count and share in the value. The reader of the table checks them. */
  bounds: readonly Bound<T>[];
  /** Reads the value. Reports every fault; undefined means that there is no usable value. */
  parse(field: Field, report: Report): T | undefined;
  /** The value of an absent field. */
  fallback: T;
  /** Writes the value so that `parse` reads it back. */
  format(value: T): string;
  /**
   * The value's form in JSON, as the API answers it. Takes zod as an argument: commands start without loading it.
   *
   * @internal so that the published types need no zod
   */
  json(zod: typeof z): z.ZodType<T>;
  /** What `after` allows, denies or changes compared with `before`. A change that is not `gained` needs no consent. */
  compare(before: T, after: T): FieldChange[];
  /** Empty for a value that opens nothing. Rows that add no points are part of the table too. */
  exposure(value: T): ExposureRow[];
  /** Empty when no kernel state follows from the value that can be read back before the start. */
  readBack: readonly ReadBack[];
  /** One short line for the summary of a run; undefined when there is nothing to say. */
  summary(value: T): string | undefined;
}

/** Fields by the key that each has in a declaration. */
export type FieldTable = Readonly<Record<string, JailField<unknown>>>;

type ValueOf<F> = F extends { fallback: infer T } ? T : never;
type OptionalKeys<T> = { [K in keyof T]: undefined extends ValueOf<T[K]> ? K : never }[keyof T];

/** The declaration that a table describes: one key per field, optional where the value may be undefined. */
export type ValuesOf<T> = {
  -readonly [K in Exclude<keyof T, OptionalKeys<T>>]: ValueOf<T[K]>;
} & {
  -readonly [K in OptionalKeys<T>]?: ValueOf<T[K]>;
};
