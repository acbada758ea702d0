import type { ContentDetail, FileChange } from './file-change.ts';
import type { ListedFile } from './listed-file.ts';
import { isDifferent, type TreeDiff } from './tree-diff.ts';

const colors = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;

/** Wraps text in terminal colours, or does not. */
export type Paint = (color: keyof typeof colors, text: string) => string;

/** @param isColored whether the reader is a terminal that wants colours */
export function painter(isColored: boolean): Paint {
  return (color, text) => (isColored ? `\u001b[${colors[color]}m${text}\u001b[0m` : text);
}

/**
 * Writes a comparison for a terminal: declarations first, what was gained in red. In all else what came is green and what
 * went is red, as in any diff. No byte of a package reaches the terminal as a control character.
 */
export function diffText(diff: TreeDiff, isColored: boolean): string {
  const paint = painter(isColored);
  if (!isDifferent(diff)) return 'no difference but time stamps\n';
  const lines = [
    paint('bold', `--- ${shown(sideText(diff.old))}`),
    paint('bold', `+++ ${shown(sideText(diff.new))}`),
    ...diff.notes.map((note) => paint('yellow', `! ${shown(note)}`)),
    ...section('Declarations', declarationLines(diff, paint), paint),
    ...section('Packages', packageLines(diff, paint), paint),
    ...section('Control', controlLines(diff, paint), paint),
    ...section(
      `Files: ${countFiles(diff.files)}`,
      diff.files.flatMap((file) => fileLines(file, paint)),
      paint,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

export function sideText({ path, package: name, version }: TreeDiff['old']): string {
  return name === undefined ? path : `${path} (${name} ${version ?? ''})`;
}

export function countFiles(files: readonly FileChange[]): string {
  const count = (kind: FileChange['kind']): number => files.filter((file) => file.kind === kind).length;
  return `${count('added')} added, ${count('removed')} removed, ${count('changed')} changed`;
}

function declarationLines({ declarations }: TreeDiff, paint: Paint): string[] {
  return declarations.map(({ kind, field, old, new: now }) => {
    const text = `${kind.padEnd(7)}  ${shown(field)}: ${arrow(old, now)}`;
    if (kind === 'gained') return paint('red', `+ ${text}`);
    return kind === 'lost' ? paint('green', `- ${text}`) : `  ${text}`;
  });
}

/** `old -> new`, or the one that there is. */
export function arrow(old: string | undefined, now: string | undefined): string {
  if (old === undefined) return oneLine(now ?? '');
  return now === undefined ? oneLine(old) : `${oneLine(old)} -> ${oneLine(now)}`;
}

function oneLine(text: string): string {
  return shown(text.trim().split('\n').join(' | '));
}

function packageLines({ packages }: TreeDiff, paint: Paint): string[] {
  return packages.flatMap(({ kind, name, architecture, old, new: now, changelog }) => {
    const text = `${kind.padEnd(10)} ${name}:${architecture} ${arrow(old?.version, now?.version)}`;
    const entries = changelog?.split('\n').map((line) => paint('dim', `    ${shown(line)}`)) ?? [];
    if (kind === 'added') return [paint('green', `+ ${text}`), ...entries];
    return [kind === 'removed' ? paint('red', `- ${text}`) : `  ${text}`, ...entries];
  });
}

function controlLines({ control }: TreeDiff, paint: Paint): string[] {
  return control.flatMap(({ field, old, new: now }) => [
    ...(old === undefined ? [] : [paint('red', `- ${shown(field)}: ${oneLine(old)}`)]),
    ...(now === undefined ? [] : [paint('green', `+ ${shown(field)}: ${oneLine(now)}`)]),
  ]);
}

function fileLines(file: FileChange, paint: Paint): string[] {
  const { path, kind, old, new: now, detail } = file;
  const name = shown(path);
  if (kind === 'added' && now !== undefined) return [paint('green', `+ ${factsText(now)} ${name}`)];
  if (kind === 'removed' && old !== undefined) return [paint('red', `- ${factsText(old)} ${name}`)];
  return [`~ ${name}${attributesText(file)}`, ...(detail === undefined ? [] : detailLines(detail, paint))];
}

/** `-rwxr-xr-x 0:0 1234`, as ls(1) has it. */
export function factsText({ type, mode, uid, gid, size, target }: ListedFile): string {
  const facts = `${modeText(type, mode)} ${uid}:${gid} ${size}`;
  return target === '' ? facts : `${facts} -> ${shown(target)}`;
}

const typeLetters = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  character: 'c',
  block: 'b',
  fifo: 'p',
} as const;

function modeText(type: ListedFile['type'], mode: number): string {
  const bits = (shift: number, special: number, letters: string): string => {
    const has = (bit: number): boolean => (mode & (bit << shift)) !== 0;
    const isSpecial = (mode & special) !== 0;
    const execute = isSpecial ? letters[has(1) ? 0 : 1] : has(1) ? 'x' : '-';
    return `${has(4) ? 'r' : '-'}${has(2) ? 'w' : '-'}${execute}`;
  };
  return typeLetters[type] + bits(6, 0o4000, 'sS') + bits(3, 0o2000, 'sS') + bits(0, 0o1000, 'tT');
}

/** What of a changed path's attributes differs: `; mode 0644 -> 0755; 12 -> 13 bytes`. */
export function attributesText({ differs, old, new: now }: FileChange): string {
  if (old === undefined || now === undefined) return '';
  const owner = ({ uid, gid, uname, gname }: ListedFile): string => `${uname || uid}:${gname || gid}`;
  const octal = ({ mode }: ListedFile): string => mode.toString(8).padStart(4, '0');
  const parts = differs.flatMap((what) => {
    if (what === 'type') return [`${old.type} -> ${now.type}`];
    if (what === 'mode') return [`mode ${octal(old)} -> ${octal(now)}`];
    if (what === 'owner') return [`owner ${shown(owner(old))} -> ${shown(owner(now))}`];
    if (what === 'size') return [`${old.size} -> ${now.size} bytes`];
    if (what === 'target') return [`to ${shown(old.target)} -> ${shown(now.target)}`];
    if (what === 'hard link')
      return [`hard link to ${shown(old.linkedTo ?? 'none')} -> ${shown(now.linkedTo ?? 'none')}`];
    return [];
  });
  return parts.map((part) => `; ${part}`).join('');
}

function detailLines({ kind, unpackedWith, diff, omitted, lines }: ContentDetail, paint: Paint): string[] {
  const text = [
    ...(kind === 'too-large' ? ['the contents that differ are too many to be shown'] : []),
    ...(lines ?? []),
    ...(unpackedWith === undefined ? [] : [`decompressed (${unpackedWith}):`]),
  ];
  const diffLines = (diff ?? '').split('\n').filter((line) => line !== '');
  return [
    ...text.map((line) => `    ${shown(line)}`),
    ...diffLines.map((line) => `    ${paintDiff(line, paint)}`),
    ...(omitted === undefined ? [] : [paint('dim', `    (${omitted} more lines)`)]),
  ];
}

function paintDiff(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('green', shown(line));
  if (line.startsWith('-')) return paint('red', shown(line));
  return paint('dim', shown(line));
}

/** Control characters, and those that turn the direction of text, as escapes: a package must not paint the terminal. */
export function shown(text: string): string {
  return text.replace(
    /(?!\t)[\p{Cc}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
