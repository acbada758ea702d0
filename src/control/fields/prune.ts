import { countBound } from '../bound.ts';
import { compareSetting } from '../compare-values.ts';
import { isNone, listWords, type Report, type Word } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { didYouMean } from '../suggest.ts';

/** The groups that `Jail-Prune` knows. */
export const pruneGroups = ['docs', 'man', 'info', 'locales', 'lintian'] as const;

const allowed = `allowed: none, ${pruneGroups.join(', ')}, or absolute glob patterns such as /usr/share/icons/*`;

/** `Jail-Prune` */
export const pruneField: JailField<string[]> = {
  name: 'Prune',
  required: false,
  default: 'docs, man, info, locales, lintian',
  syntax: 'none | GROUP | /GLOB[, ...]',
  doc: `What is left out of the rootfs: groups of files (\`docs\`, \`man\`, \`info\`, \`locales\`, \`lintian\`) and glob patterns of
absolute paths, where \`*\` also crosses \`/\`. What is named here replaces the default. Copyright files always stay.`,
  example: 'docs, man, /usr/share/icons/*',
  bounds: [countBound('items', 256)],
  fallback: [...pruneGroups],
  parse(field, report) {
    const words = listWords(field);
    if (isNone(words)) return [];
    const known = words.filter((word) => isPrunable(word, report));
    return known.length === words.length ? [...new Set(words.map((word) => word.text))] : undefined;
  },
  format: formatItems,
  json: (z) => z.array(z.string()),
  compare: (before, after) => compareSetting(formatItems(before), formatItems(after)),
  exposure: () => [],
  readBack: [],
  summary: () => undefined,
};

function isPrunable(word: Word, report: Report): boolean {
  if (pruneGroups.some((group) => group === word.text)) return true;
  if (word.text.startsWith('/') && !word.text.split('/').includes('..') && !/^\/+\**$/.test(word.text))
    return true;
  const what = word.text.startsWith('/') ? 'leaves nothing, or leads upwards' : 'is no group to prune';
  report(
    'jail-field-invalid',
    `"${word.text}" ${what}${didYouMean(word.text, pruneGroups)}; ${allowed}`,
    word,
  );
  return false;
}

function formatItems(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}
