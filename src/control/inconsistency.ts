import type { DeclarationFault } from './field-value.ts';
import type { JailDeclaration } from './jail-declaration.ts';

/** A contradiction between fields, or within one; it needs no rootfs to be seen. */
export interface Inconsistency {
  code: DeclarationFault;
  /** The field to point at, without its prefix. */
  field: string;
  /** Text within that field to point at. */
  at?: string;
  message: string;
}

/** A check of a declaration; it is made only when every field that it reads is valid. */
export interface ConsistencyCheck {
  reads: readonly (keyof JailDeclaration)[];
  find(declaration: JailDeclaration): Inconsistency[];
}
