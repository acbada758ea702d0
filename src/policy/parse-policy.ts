import { canonicalCapability } from '../control/capabilities.ts';
import { readDeb822 } from '../control/deb822.ts';
import type { Field, Paragraph } from '../control/deb822-types.ts';
import { durationSyntax, parseDuration } from '../control/quantity.ts';
import { didYouMean } from '../control/suggest.ts';
import { isSyscallName } from '../control/syscalls.ts';
import { type Diagnostic, ProdngError } from '../error/prodng-error.ts';
import { readRegularFile } from '../system/regular-file.ts';
import {
  type HostPolicy,
  type PolicyRule,
  type RuleAction,
  type RuleEvent,
  ruleActions,
  ruleEvents,
} from './policy.ts';

const mostBytes = 1 << 20;
/** ms */
const day = 86_400_000;

/** @throws ProdngError CONFIG with every fault, IO */
export function readPolicyFile(path: string): HostPolicy {
  const bytes = readRegularFile(path, mostBytes);
  if (bytes === undefined) throw new ProdngError('IO', `${path}: no such file`);
  return parsePolicy(bytes, path);
}

/**
 * Parses a policy: a stanza with Policy, Jails and Mode, and one for each rule with On, Match, Action and Every. What is
 * unknown is a fault.
 *
 * @param file its name, for errors
 * @throws ProdngError CONFIG with every fault at its line
 */
export function parsePolicy(text: string | Uint8Array, file: string): HostPolicy {
  const { paragraphs, diagnostics: syntax } = readDeb822(text, file);
  const reader = new Reader(file, [...syntax]);
  const [head, ...stanzas] = paragraphs;
  const policy = head === undefined ? undefined : reader.head(head);
  const rules = stanzas.flatMap((stanza) => reader.rule(stanza) ?? []);
  if (head === undefined)
    reader.report(1, 'it is empty: a policy begins with a stanza with Policy and Jails');
  else if (stanzas.length === 0)
    reader.report(head.line, 'it has no rules: each is a stanza with On and Action');
  const { diagnostics } = reader;
  if (policy !== undefined && diagnostics.length === 0) return { ...policy, rules };
  const count = diagnostics.length === 1 ? '1 error' : `${diagnostics.length} errors`;
  throw new ProdngError('CONFIG', `${file}: ${count}: it is no policy`, { diagnostics });
}

class Reader {
  readonly diagnostics: Diagnostic[];
  readonly #file: string;

  constructor(file: string, diagnostics: Diagnostic[]) {
    this.#file = file;
    this.diagnostics = diagnostics;
  }

  report(line: number, message: string, field?: string): void {
    this.diagnostics.push({ file: this.#file, line, message, ...(field === undefined ? {} : { field }) });
  }

  head(stanza: Paragraph): Omit<HostPolicy, 'rules'> | undefined {
    this.#known(stanza, ['Policy', 'Jails', 'Mode']);
    const name = this.#required(stanza, 'Policy');
    const jails = this.#required(stanza, 'Jails');
    const mode = this.#oneOf(stanza.field('Mode'), ['enforce', 'observe'], 'enforce');
    if (name !== undefined && !/^[a-z0-9][a-z0-9.-]{0,62}$/.test(name.value))
      this.report(name.line, 'a name has a-z, 0-9, - and .', 'Policy');
    const patterns = jails === undefined ? [] : words(jails);
    for (const pattern of patterns)
      if (!/^[a-z0-9*][a-z0-9+.@*-]*$/.test(pattern))
        this.report(jails?.line ?? stanza.line, `"${pattern}" is no name of a jail`, 'Jails');
    if (name === undefined || jails === undefined || mode === undefined) return undefined;
    return { name: name.value, jails: patterns, mode };
  }

  rule(stanza: Paragraph): PolicyRule | undefined {
    this.#known(stanza, ['On', 'Match', 'Action', 'Every']);
    const on: RuleEvent | undefined = this.#oneOf(this.#required(stanza, 'On'), ruleEvents);
    const action: RuleAction | undefined = this.#oneOf(this.#required(stanza, 'Action'), ruleActions);
    if (on === undefined || action === undefined) return undefined;
    const match = this.#match(on, stanza.field('Match'));
    const every = this.#every(stanza.field('Every'));
    if (match === undefined) return undefined;
    const rule = { on, action, match, file: this.#file, line: stanza.line };
    return every === undefined ? rule : { ...rule, every };
  }

  #every(field: Field | undefined): number | undefined {
    if (field === undefined) return undefined;
    const ms = parseDuration(field.value.trim());
    if (ms !== undefined && ms >= 1000 && ms <= day) return ms;
    this.report(field.line, `"${field.value.trim()}" is not ${durationSyntax}, from 1s to 24h`, 'Every');
    return undefined;
  }

  #match(on: RuleEvent, field: Field | undefined): PolicyRule['match'] | undefined {
    const items = field === undefined ? ['any'] : words(field);
    if (items.length === 1 && items[0] === 'any') return 'any';
    if (on === 'program-outside') {
      this.report(field?.line ?? 1, 'program-outside has nothing to match: leave it out', 'Match');
      return undefined;
    }
    const known = items.flatMap((item) => {
      const name =
        on === 'syscall-refused' ? (isSyscallName(item) ? item : undefined) : canonicalCapability(item);
      if (name === undefined) this.report(field?.line ?? 1, `"${item}" is unknown`, 'Match');
      return name ?? [];
    });
    return known.length === items.length && known.length > 0 ? known : undefined;
  }

  #known(stanza: Paragraph, names: readonly string[]): void {
    for (const { name, line } of stanza.fields)
      if (!names.some((known) => known.toLowerCase() === name.toLowerCase()))
        this.report(line, `there is no such field here${didYouMean(name, names)}`, name);
  }

  #required(stanza: Paragraph, name: string): Field | undefined {
    const field = stanza.field(name);
    if (field === undefined || field.value.trim() === '') {
      this.report(field?.line ?? stanza.line, `${name} is missing`, name);
      return undefined;
    }
    return field;
  }

  #oneOf<T extends string>(field: Field | undefined, values: readonly T[], fallback?: T): T | undefined {
    if (field === undefined) return fallback;
    const found = values.find((value) => value === field.value.trim());
    if (found === undefined)
      this.report(field.line, `"${field.value.trim()}" is none of ${values.join(', ')}`, field.name);
    return found;
  }
}

function words({ value }: Field): string[] {
  return value.split(/[\s,]+/).filter((word) => word !== '');
}
