import { isAscii } from 'node:buffer';
import { type Diagnostic, ProdngError } from '../error/prodng-error.ts';
import { type Deb822Limits, Deb822Scanner, deb822Limits, isFieldName } from './deb822-scanner.ts';
import { Field, Paragraph } from './deb822-types.ts';

export { Field, Paragraph };

/**
 * Reads deb822 and reports every fault instead of throwing at the first.
 *
 * @param file the name that diagnostics carry
 */
export function readDeb822(
  text: string | Uint8Array,
  file: string,
  limits: Deb822Limits = deb822Limits,
): { paragraphs: Paragraph[]; diagnostics: Diagnostic[] } {
  const scanner = new Deb822Scanner(file, limits);
  const paragraphs: Paragraph[] = [];
  if (text.length > limits.maxFileSize) {
    scanner.report(`${text.length} bytes are more than the ${limits.maxFileSize} that are read`, 1);
    return { paragraphs, diagnostics: scanner.diagnostics };
  }
  const string = typeof text === 'string' ? text : decodeUtf8(text);
  // dpkg takes a byte order mark for part of the first field's name, and fails
  if (string.startsWith('\ufeff')) scanner.report('a byte order mark (BOM); dpkg does not accept it', 1, 1);
  for (const paragraph of scan(scanner, string.replace(/^\ufeff/, ''))) paragraphs.push(paragraph);
  const last = scanner.end();
  if (last !== undefined) paragraphs.push(last);
  return { paragraphs, diagnostics: scanner.diagnostics };
}

/**
 * Reads a deb822 file (deb822(5), Debian Policy 5.1): comments, continuation lines, stanzas.
 *
 * @param file the name that errors carry
 * @throws ProdngError CONTROL_SYNTAX with a diagnostic for every fault
 */
export function parseDeb822(
  text: string | Uint8Array,
  file: string,
  limits: Deb822Limits = deb822Limits,
): Paragraph[] {
  const { paragraphs, diagnostics } = readDeb822(text, file, limits);
  if (diagnostics.length > 0) throw syntaxError(file, diagnostics);
  return paragraphs;
}

/**
 * Reads a large deb822 file (a Packages index) stanza by stanza, so that memory stays bounded.
 *
 * @throws ProdngError CONTROL_SYNTAX at the first stanza with a fault
 */
export async function* iterateDeb822(
  source: AsyncIterable<Uint8Array>,
  file: string,
  limits: Deb822Limits = deb822Limits,
): AsyncGenerator<Paragraph> {
  const scanner = new Deb822Scanner(file, limits);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: false });
  let rest = '';
  for await (const chunk of source) {
    const text = rest + decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (rest.length > limits.maxParagraphSize) scanner.report('a line without an end', 1);
    yield* scan(scanner, text.slice(0, end));
    if (scanner.diagnostics.length > 0) throw syntaxError(file, scanner.diagnostics);
  }
  rest += decoder.decode();
  if (rest !== '') yield* scan(scanner, rest);
  const last = scanner.end();
  if (scanner.diagnostics.length > 0) throw syntaxError(file, scanner.diagnostics);
  if (last !== undefined) yield last;
}

function* scan(scanner: Deb822Scanner, text: string): Generator<Paragraph> {
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const paragraph = scanner.line(text.slice(start, end));
    if (paragraph !== undefined) yield paragraph;
    if (scanner.tooLarge) return;
    start = end + 1;
  }
}

/** Invalid bytes become U+FFFD, which the scanner reports with their line. A byte order mark is kept. */
function decodeUtf8(bytes: Uint8Array): string {
  // the first decoder takes half a millisecond to make
  if (!isAscii(bytes)) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function syntaxError(file: string, diagnostics: readonly Diagnostic[]): ProdngError {
  const count = diagnostics.length === 1 ? 'a syntax error' : `${diagnostics.length} syntax errors`;
  const first = diagnostics[0];
  const where = first === undefined ? '' : `: line ${first.line}: ${first.message}`;
  return new ProdngError('CONTROL_SYNTAX', `${file}: ${count}${where}`, {
    diagnostics: [...diagnostics],
    hint: 'see deb822(5) for the syntax of control files',
  });
}

/**
 * Writes stanzas so that parseDeb822 reads the same fields back. Empty lines within a value become ` .`, the way
 * Debian Policy 5.6.13 writes them.
 *
 * @throws ProdngError CONTROL_SYNTAX for a field name or value that deb822 cannot hold
 */
export function formatDeb822(
  paragraphs: Iterable<{ fields: Iterable<{ name: string; value: string }> }>,
): string {
  return Array.from(paragraphs, formatParagraph).join('\n');
}

function formatParagraph(paragraph: { fields: Iterable<{ name: string; value: string }> }): string {
  let text = '';
  for (const { name, value } of paragraph.fields) text += formatField(name, value);
  return text;
}

function formatField(name: string, value: string): string {
  if (!isFieldName(name))
    throw new ProdngError('CONTROL_SYNTAX', `not a field name: ${JSON.stringify(name)}`);
  if (/[\0\r\ufffd]/.test(value))
    throw new ProdngError('CONTROL_SYNTAX', `${name}: a value cannot hold NUL, CR or invalid UTF-8`);
  const [first = '', ...rest] = value.split('\n');
  const continued = rest.map((line) => (line.trim() === '' ? ' .\n' : ` ${line}\n`));
  return `${name}:${first === '' ? '' : ` ${first}`}\n${continued.join('')}`;
}
