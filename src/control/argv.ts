import { ownValue } from '../system/own-value.ts';
import type { ValueLine } from './deb822-types.ts';

/** One word of a command line and its position. */
export interface ArgvWord {
  text: string;
  /** Whether any part of it was quoted or escaped: such a word is never an option of the field itself. */
  quoted: boolean;
  line: number;
  column: number;
}

export interface ArgvFault {
  message: string;
  line: number;
  column: number;
}

const simpleEscapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/**
 * Splits a command line as systemd does for ExecStart= (systemd.service(5), "Command lines"): words at blanks,
 * 'single' and "double" quotes, C-style backslash escapes in both and outside. Unlike there, nothing is expanded:
 * `$` and `%` are literal. Several lines read as one.
 */
export function splitArgv(lines: readonly ValueLine[]): { words: ArgvWord[]; fault?: ArgvFault } {
  const words: ArgvWord[] = [];
  for (const line of lines) {
    const fault = splitLine(line, words);
    if (fault !== undefined) return { words, fault };
  }
  return { words };
}

function splitLine({ text, line, column }: ValueLine, words: ArgvWord[]): ArgvFault | undefined {
  let index = 0;
  while (index < text.length) {
    if (/\s/.test(text.charAt(index))) {
      index += 1;
      continue;
    }
    const word = readWord(text, index);
    if (typeof word === 'string') return { message: word, line, column: column + index };
    words.push({ text: word.text, quoted: word.quoted, line, column: column + index });
    index = word.end;
  }
  return undefined;
}

function readWord(text: string, start: number): { text: string; quoted: boolean; end: number } | string {
  let result = '';
  let quote = '';
  let quoted = false;
  let index = start;
  while (index < text.length) {
    const character = text.charAt(index);
    if (quote === '' && /\s/.test(character)) break;
    if (character === '\\') {
      const escaped = readEscape(text, index + 1);
      if (typeof escaped === 'string') return escaped;
      result += escaped.text;
      index = escaped.end;
      quoted = true;
      continue;
    }
    if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else result += character;
    quoted ||= character === '"' || character === "'";
    index += 1;
  }
  return quote === '' ? { text: result, quoted, end: index } : `the quote ${quote} is never closed`;
}

/** One escape after its backslash, as the character it denotes; a string says what is wrong. */
function readEscape(text: string, start: number): { text: string; end: number } | string {
  const letter = text.charAt(start);
  const simple = ownValue(simpleEscapes, letter);
  if (simple !== undefined) return { text: simple, end: start + 1 };
  const numeric = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/.exec(
    text.slice(start, start + 9),
  );
  if (numeric === null)
    return letter === '' ? 'a backslash at the end of the line' : `the escape \\${letter} is unknown`;
  const [all, byte, short, long, octal] = numeric;
  const code =
    octal === undefined ? Number.parseInt(byte ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  // \x and octal escapes are bytes in systemd: above ASCII they could form invalid UTF-8
  const limit = short === undefined && long === undefined ? 0x7f : 0x10ffff;
  if (code === 0 || code > limit || isSurrogate) return `the escape \\${all} is no character of an argument`;
  return { text: String.fromCodePoint(code), end: start + all.length };
}

/** Writes an argv so that splitArgv reads the same words back. */
export function formatArgv(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(' ');
}

function quoteArgument(argument: string): string {
  if (/^[\w@%+=:,./${}()[\]?*&;<>|!~^#-]+$/.test(argument) && !/^(?:interval|timeout)=/.test(argument))
    return argument;
  return `"${Array.from(argument, escapeCharacter).join('')}"`;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  // blanks outside ASCII and the replacement character would not survive a control file
  if (code >= 0x80 && /[\s\ufffd\u0085]/u.test(character)) return `\\u${code.toString(16).padStart(4, '0')}`;
  return character;
}
