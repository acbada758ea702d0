import { readDeb822 } from '../control/deb822.ts';
import type { Paragraph } from '../control/deb822-types.ts';
import { didYouMean } from '../control/suggest.ts';
import type { Diagnostic } from '../error/prodng-error.ts';
import { tags } from './tags.ts';

/** One accepted kind of finding. */
export interface Override {
  tag: string;
  /** A pattern of contexts, in which `*` matches anything; undefined matches all. */
  context?: string;
  reason: string;
  /** ms since 1970: the end of the last day on which it holds. */
  expires?: number;
  /** Its line in the file. */
  line: number;
}

const fields = ['Tag', 'Context', 'Reason', 'Expires'];
const day = 86_400_000;

/** Reads debian/jail.lint-overrides: one override per stanza. Malformed ones are reported and ignored. */
export function readOverrides(text: string, file: string): { overrides: Override[]; faults: Diagnostic[] } {
  const { paragraphs, diagnostics } = readDeb822(text, file);
  const faults = [...diagnostics];
  const overrides = paragraphs.flatMap((stanza) => {
    const found = stanzaFaults(stanza, file);
    faults.push(...found);
    return found.length > 0 ? [] : [toOverride(stanza)];
  });
  return { overrides, faults };
}

function stanzaFaults(stanza: Paragraph, file: string): Diagnostic[] {
  const faults: Diagnostic[] = [];
  const report = (name: string, message: string): void => {
    const field = stanza.field(name);
    const place = field === undefined ? { line: stanza.line } : { line: field.line, column: field.column };
    faults.push({ file, field: name, ...place, message });
  };
  for (const { name } of stanza.fields) {
    if (!fields.some((known) => known.toLowerCase() === name.toLowerCase()))
      report(name, `no such field; allowed: ${fields.join(', ')}`);
  }
  const tag = stanza.get('Tag')?.trim() ?? '';
  const ids = tags.map(({ id }) => id);
  if (!ids.includes(tag))
    report('Tag', tag === '' ? 'the field is missing' : `no tag "${tag}"${didYouMean(tag, ids)}`);
  if ((stanza.get('Reason')?.trim() ?? '') === '')
    report('Reason', 'the reason is missing: say why this is accepted');
  const expires = stanza.get('Expires')?.trim();
  if (expires !== undefined && expiry(expires) === undefined)
    report('Expires', `"${expires}" is not a date; allowed: YYYY-MM-DD`);
  return faults;
}

function toOverride(stanza: Paragraph): Override {
  const context = stanza.get('Context')?.trim();
  const expires = expiry(stanza.get('Expires')?.trim() ?? '');
  return {
    tag: stanza.get('Tag')?.trim() ?? '',
    reason: (stanza.get('Reason') ?? '').replace(/\s+/g, ' ').trim(),
    line: stanza.line,
    ...(context === undefined || context === '' ? {} : { context }),
    ...(expires === undefined ? {} : { expires }),
  };
}

function expiry(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(time) || !new Date(time).toISOString().startsWith(text) ? undefined : time + day;
}
