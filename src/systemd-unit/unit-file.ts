import type { Diagnostic } from '../error/prodng-error.ts';

/** One `Name=value` of a unit file. */
export interface UnitSetting {
  section: string;
  name: string;
  /** Continued lines are joined; blanks around it are gone. Nothing is unquoted or expanded. */
  value: string;
  file: string;
  /** Counts from 1. */
  line: number;
}

/** A unit file as it is written. */
export interface UnitFile {
  settings: UnitSetting[];
  /** Lines that systemd would pass over with a warning, and what a reviewer must know of the file. */
  faults: Diagnostic[];
}

/** systemd's own limit of a line, LONG_LINE_MAX; a whole file is not allowed more here. */
const mostBytes = 2 ** 20;
const mostSettings = 10_000;

/**
 * Reads a unit file, systemd.syntax(7): sections, `Name=value`, comments that start with `#` or `;`, and lines that a
 * backslash continues, in which comment lines are left out. What is none of these is told, and the rest is read.
 *
 * @param file its name in what is told
 */
export function parseUnitFile(bytes: Uint8Array, file: string): UnitFile {
  const result: UnitFile = { settings: [], faults: [] };
  const fault = (line: number, message: string) => result.faults.push({ file, line, message });
  const text = decode(bytes);
  if (text === undefined) {
    fault(1, `larger than ${mostBytes} bytes, not UTF-8, or with NUL bytes: nothing of it was read`);
    return result;
  }
  let section: string | undefined;
  for (const { text: logical, line } of logicalLines(text)) {
    if (logical === '') continue;
    if (logical.startsWith('[')) {
      section = /^\[([^[\]\p{Cc}]+)\]$/u.exec(logical)?.[1];
      if (section === undefined) fault(line, `"${excerpt(logical)}" is no section: what follows is not read`);
      continue;
    }
    const equals = logical.indexOf('=');
    const name = logical.slice(0, equals).trimEnd();
    if (equals < 1 || !/^[\w-]+$/.test(name)) fault(line, `"${excerpt(logical)}" is not NAME=VALUE`);
    else if (section === undefined) fault(line, `${excerpt(name)}= is outside of any section`);
    else if (result.settings.length >= mostSettings) {
      fault(line, `more than ${mostSettings} settings: the rest was not read`);
      break;
    } else result.settings.push({ section, name, value: logical.slice(equals + 1).trim(), file, line });
  }
  return result;
}

function decode(bytes: Uint8Array): string | undefined {
  if (bytes.length > mostBytes || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Lines with their continuations joined by one blank, without comments; `line` is where each begins. */
function* logicalLines(text: string): Generator<{ text: string; line: number }> {
  let pieces: string[] = [];
  let start = 0;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const bare = raw.replace(/^[ \t]+/, '');
    if (/^[#;]/.test(bare)) continue;
    if (pieces.length === 0) start = index + 1;
    const continued = endsInOddBackslashes(raw);
    pieces.push(continued ? raw.slice(0, -1) : raw);
    if (continued) continue;
    yield { text: pieces.join(' ').trim(), line: start };
    pieces = [];
  }
  if (pieces.length > 0) yield { text: pieces.join(' ').trim(), line: start };
}

/** An escaped backslash at the end of a line continues nothing. */
function endsInOddBackslashes(line: string): boolean {
  let count = 0;
  while (line[line.length - 1 - count] === '\\') count += 1;
  return count % 2 === 1;
}

function excerpt(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, '?');
  return plain.length > 60 ? `${plain.slice(0, 57)}...` : plain;
}
