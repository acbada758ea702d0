import type { Diagnostic } from '../error/prodng-error.ts';
import { findInconsistencies } from './consistency.ts';
import type { Field, Paragraph } from './deb822-types.ts';
import type { DeclarationFault, Report } from './field-value.ts';
import type { JailDeclaration } from './jail-declaration.ts';
import type { JailField } from './jail-field.ts';
import { jailFieldList, jailFields } from './jail-fields.ts';
import { didYouMean } from './suggest.ts';

/** A finding in a declaration; `code` names its kind and is stable. */
export interface DeclarationDiagnostic extends Diagnostic {
  code: DeclarationFault;
}

/** How the fields are called: in a source's debian/control, or in a .deb's. */
export type JailPrefix = 'XB-Jail-' | 'Jail-';

export interface ParsedDeclaration {
  /** Present when there is no diagnostic. */
  declaration?: JailDeclaration;
  /** Every fault, in the order of the file. */
  diagnostics: DeclarationDiagnostic[];
}

/**
 * Reads the Jail-* fields of a stanza, with every default filled in. All faults are found in one go; each says what
 * is wrong and what is allowed.
 *
 * @param file the name that diagnostics carry
 */
export function parseJailDeclaration(
  paragraph: Paragraph,
  file: string,
  prefix: JailPrefix,
): ParsedDeclaration {
  const reader = new DeclarationReader(paragraph, file, prefix);
  reader.refuseUnknown();
  const declaration = reader.declaration();
  reader.checkConsistency(declaration);
  if (reader.diagnostics.length === 0) return { declaration, diagnostics: [] };
  return {
    diagnostics: reader.diagnostics.sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0)),
  };
}

/** Whether a stanza claims to be a jail: it has a field that starts like one, rightly or wrongly spelled. */
export function hasJailFields(paragraph: Paragraph): boolean {
  return paragraph.fields.some((field) => isJailLike(field.name));
}

/** With or without dpkg's `X[BCS]*-` prefix for user-defined fields (Debian Policy 5.7). */
function isJailLike(name: string): boolean {
  return jailLike.test(name.toLowerCase());
}

const jailLike = /^(?:x[bcs]*-)?jail-/;

class DeclarationReader {
  readonly diagnostics: DeclarationDiagnostic[] = [];
  readonly #paragraph: Paragraph;
  readonly #file: string;
  readonly #prefix: JailPrefix;
  readonly #invalid = new Set<keyof JailDeclaration>();

  constructor(paragraph: Paragraph, file: string, prefix: JailPrefix) {
    this.#paragraph = paragraph;
    this.#file = file;
    this.#prefix = prefix;
  }

  refuseUnknown(): void {
    const known = jailFieldList.map((field) => field.name);
    for (const field of this.#paragraph.fields) {
      if (!isJailLike(field.name)) continue;
      const name = field.name.slice(jailLike.exec(field.name.toLowerCase())?.[0].length);
      const canonical = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
      const start = { name: field.name, line: field.line, column: 1 };
      const isPrefixed = field.name.toLowerCase().startsWith(this.#prefix.toLowerCase());
      if (canonical === undefined) {
        const meant = didYouMean(name, known).replace('"', `"${this.#prefix}`);
        const allowed = known.map((candidate) => this.#prefix + candidate).join(', ');
        this.#add('jail-field-unknown', start, `no such field${meant}; allowed: ${allowed}`);
      } else if (!isPrefixed) {
        const why = this.#prefix === 'Jail-' ? '' : ' (dpkg copies only those to the .deb)';
        this.#add('jail-field-misplaced', start, `wrong prefix; allowed: ${this.#prefix}${canonical}${why}`);
      }
    }
  }

  declaration(): JailDeclaration {
    const health = this.#read('health', jailFields.health);
    return {
      format: this.#read('format', jailFields.format),
      command: this.#read('command', jailFields.command),
      user: this.#read('user', jailFields.user),
      workdir: this.#read('workdir', jailFields.workdir),
      environment: this.#read('environment', jailFields.environment),
      capabilities: this.#read('capabilities', jailFields.capabilities),
      filesystem: this.#read('filesystem', jailFields.filesystem),
      network: this.#read('network', jailFields.network),
      listen: this.#read('listen', jailFields.listen),
      connect: this.#read('connect', jailFields.connect),
      memory: this.#read('memory', jailFields.memory),
      cpu: this.#read('cpu', jailFields.cpu),
      pids: this.#read('pids', jailFields.pids),
      io: this.#read('io', jailFields.io),
      syscalls: this.#read('syscalls', jailFields.syscalls),
      ...(health === undefined ? {} : { health }),
      restart: this.#read('restart', jailFields.restart),
      stop: this.#read('stop', jailFields.stop),
      compose: this.#read('compose', jailFields.compose),
      prune: this.#read('prune', jailFields.prune),
      inputs: this.#read('inputs', jailFields.inputs),
    };
  }

  checkConsistency(declaration: JailDeclaration): void {
    for (const { code, field: name, at, message } of findInconsistencies(declaration, this.#invalid)) {
      const field = this.#paragraph.field(this.#prefix + name);
      const line = at === undefined ? undefined : field?.lines().findLast(({ text }) => text.includes(at));
      const place =
        line === undefined || at === undefined
          ? {}
          : { line: line.line, column: line.column + line.text.indexOf(at) };
      this.#add(
        code,
        { name: this.#prefix + name, line: field?.line ?? this.#paragraph.line, ...place },
        message,
      );
    }
  }

  #read<T>(key: keyof JailDeclaration, info: JailField<T>): T {
    const field = this.#paragraph.field(this.#prefix + info.name);
    if (field === undefined) {
      if (info.required) this.#addMissing(info);
      return info.fallback;
    }
    const report: Report = (code, message, place: { line: number; column?: number } = field) => {
      this.#invalid.add(key);
      this.#add(code, { name: field.name, ...placeOf(place) }, message);
    };
    // a field without a value says nothing, and saying nothing is done by leaving it out
    if (field.value.trim() === '') {
      report('jail-field-invalid', `the field is empty; allowed: ${info.syntax}`);
      return info.fallback;
    }
    return info.parse(field, report) ?? info.fallback;
  }

  #addMissing(info: { name: string; syntax: string }): void {
    const place = { name: this.#prefix + info.name, line: this.#paragraph.line };
    this.#add('jail-field-missing', place, `the field is missing; allowed: ${info.syntax}`);
  }

  #add(
    code: DeclarationFault,
    place: Pick<Field, 'name' | 'line'> & { column?: number },
    message: string,
  ): void {
    const { name, line, column } = place;
    this.diagnostics.push({
      code,
      file: this.#file,
      line,
      ...(column === undefined ? {} : { column }),
      field: name,
      message,
    });
  }
}

function placeOf({ line, column }: { line: number; column?: number }): { line: number; column?: number } {
  return column === undefined ? { line } : { line, column };
}

/**
 * Writes a declaration as fields that parse to the same declaration again. Defaults are written out, so that what a
 * .deb declares does not change with the version of ProdNG that reads it.
 */
export function formatJailFields(
  declaration: JailDeclaration,
  prefix: JailPrefix = 'Jail-',
): { name: string; value: string }[] {
  const fields: { name: string; value: string }[] = [];
  const write = <T>(info: JailField<T>, value: T) => {
    const text = info.format(value);
    if (text !== '') fields.push({ name: prefix + info.name, value: onOwnLines(text) });
  };
  write(jailFields.format, declaration.format);
  write(jailFields.command, declaration.command);
  write(jailFields.user, declaration.user);
  write(jailFields.workdir, declaration.workdir);
  write(jailFields.environment, declaration.environment);
  write(jailFields.capabilities, declaration.capabilities);
  write(jailFields.filesystem, declaration.filesystem);
  write(jailFields.network, declaration.network);
  write(jailFields.listen, declaration.listen);
  write(jailFields.connect, declaration.connect);
  write(jailFields.memory, declaration.memory);
  write(jailFields.cpu, declaration.cpu);
  write(jailFields.pids, declaration.pids);
  write(jailFields.io, declaration.io);
  write(jailFields.syscalls, declaration.syscalls);
  write(jailFields.health, declaration.health);
  write(jailFields.restart, declaration.restart);
  write(jailFields.stop, declaration.stop);
  write(jailFields.compose, declaration.compose);
  write(jailFields.prune, declaration.prune);
  write(jailFields.inputs, declaration.inputs);
  return fields;
}

/** A value of several lines starts on the line after the name, each line alike. */
function onOwnLines(text: string): string {
  return text.includes('\n') ? `\n${text}` : text;
}
