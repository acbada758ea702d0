import { readDeb822 } from '../control/deb822.ts';
import type { Field } from '../control/deb822-types.ts';
import { hasJailFields } from '../control/jail-schema.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { ProposedField } from './proposal.ts';

const mark = '# observed: ';

/**
 * A debian/control with the proposed fields, each below its reason. All else stays byte for byte.
 *
 * @param file its name, for errors
 * @throws ProdngError CONTROL_SYNTAX, NOT_A_JAIL_SOURCE
 */
export function editedControl(text: string, file: string, proposed: readonly ProposedField[]): string {
  const { paragraphs, diagnostics } = readDeb822(text, file);
  if (diagnostics.length > 0)
    throw new ProdngError('CONTROL_SYNTAX', `${file}: it cannot be changed as long as it cannot be read`, {
      diagnostics,
    });
  const stanza = paragraphs.slice(1).find(hasJailFields);
  if (stanza === undefined)
    throw new ProdngError('NOT_A_JAIL_SOURCE', `${file}: no binary stanza has Jail-* fields`);
  const lines = text.split('\n');
  const places = proposed.map((change) => ({ change, field: stanza.field(`XB-Jail-${change.name}`) }));
  const last = stanza.fields.at(-1);
  const end = last === undefined ? stanza.line : endOf(last);
  // from the last to the first: a change moves only what is done already
  const at = ({ field }: (typeof places)[number]) => field?.line ?? end + 1;
  for (const { change, field } of places.sort((a, b) => at(b) - at(a))) {
    if (field === undefined) lines.splice(end, 0, ...written(change));
    else replace(lines, field, change);
  }
  return lines.join('\n');
}

function endOf(field: Field): number {
  return field.lines().at(-1)?.line ?? field.line;
}

function replace(lines: string[], field: Field, change: ProposedField): void {
  let from = field.line - 1;
  while (lines[from - 1]?.startsWith(mark)) from -= 1;
  const kept = change.name === 'Filesystem' ? keptLines(field, change.items) : written(change);
  lines.splice(
    from,
    endOf(field) - from,
    ...kept.flatMap((line, index) =>
      index === 0 && change.name === 'Filesystem' ? [reasonLine(change), line] : [line],
    ),
  );
}

/** The lines of Jail-Filesystem for places that stay, with their options. */
function keptLines(field: Field, paths: readonly string[]): string[] {
  const kept = field
    .lines()
    .map(({ text }) => text.trim())
    .filter((text) => {
      const [kind = '', path = ''] = text.split(/\s+/);
      return text !== '' && (kind === 'ro' || paths.includes(path));
    });
  const [only] = kept;
  if (only === undefined) return [];
  return kept.length === 1
    ? [`${field.name}: ${only}`]
    : [`${field.name}:`, ...kept.map((text) => ` ${text}`)];
}

function reasonLine({ reason }: ProposedField): string {
  return `${mark}${reason}`;
}

const width = 100;

function written(change: ProposedField): string[] {
  const name = `XB-Jail-${change.name}`;
  if (change.items.length === 0) return [];
  const whole = `${name}: ${change.items.join(', ')}`;
  if (whole.length <= width) return [reasonLine(change), whole];
  const folded: string[] = [];
  let line = '';
  for (const [index, item] of change.items.entries()) {
    const word = index === change.items.length - 1 ? item : `${item},`;
    if (line !== '' && line.length + 1 + word.length > width) {
      folded.push(line);
      line = '';
    }
    line = line === '' ? ` ${word}` : `${line} ${word}`;
  }
  return [reasonLine(change), `${name}:`, ...folded, line];
}
