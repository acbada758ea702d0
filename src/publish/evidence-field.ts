import type { IndexEntry } from './index-entry.ts';
import type { Evidence } from './stage.ts';

const field = 'Prodng-Evidence';

/** Names a package's evidence in its stanza: it is found from there, and the archive's signature covers its digests. */
export function withEvidence(entry: IndexEntry, pool: string, evidence: readonly Evidence[]): IndexEntry {
  if (evidence.length === 0) return entry;
  const lines = evidence.map(
    ({ kind, file, size, sha256 }) => `\n ${sha256} ${size} ${kind} ${pool}/${file}`,
  );
  return { ...entry, text: `${entry.text}\n${field}:${lines.join('')}` };
}

/** The pool paths of a package's evidence. */
export function evidenceOf({ text }: IndexEntry): string[] {
  const start = text.indexOf(`\n${field}:\n`);
  if (start < 0) return [];
  const lines = text
    .slice(start + 1)
    .split('\n')
    .slice(1);
  const end = lines.findIndex((line) => !line.startsWith(' '));
  return lines.slice(0, end < 0 ? undefined : end).map((line) => line.trim().split(' ')[3] ?? '');
}
