import { readDeb822 } from '../control/deb822.ts';
import type { Field, Paragraph } from '../control/deb822-types.ts';
import type { Diagnostic } from '../error/prodng-error.ts';
import type { SignedBy } from './archive.ts';

/** One `deb` entry of a sources file, for each pair of URI and suite. */
export interface SourcesEntry {
  uri: string;
  suite: string;
  components: string[];
  /** Empty means all. */
  architectures: string[];
  signedBy: SignedBy | undefined;
  checkValidUntil: boolean;
  /** The entry asks to be believed without a signature, which ProdNG never does. */
  trusted: boolean;
  file: string;
  line: number;
}

export interface ParsedSources {
  entries: SourcesEntry[];
  diagnostics: Diagnostic[];
}

/** Reads a deb822 `.sources` file, sources.list(5). Disabled stanzas and those without `deb` are left out. */
export function parseSourcesFile(text: string, file: string): ParsedSources {
  const { paragraphs, diagnostics } = readDeb822(text, file);
  const entries: SourcesEntry[] = [];
  for (const stanza of paragraphs) {
    if (isNo(stanza.get('Enabled')) || !words(stanza.get('Types')).includes('deb')) continue;
    const missing = ['URIs', 'Suites'].filter((name) => words(stanza.get(name)).length === 0);
    for (const field of missing)
      diagnostics.push({ file, line: stanza.line, field, message: 'the field is missing' });
    entries.push(...stanzaEntries(stanza, file, diagnostics));
  }
  return { entries, diagnostics };
}

function stanzaEntries(stanza: Paragraph, file: string, diagnostics: Diagnostic[]): SourcesEntry[] {
  const common = {
    components: words(stanza.get('Components')),
    architectures: words(stanza.get('Architectures')),
    signedBy: parseSignedBy(stanza.field('Signed-By'), file, diagnostics),
    checkValidUntil: !isNo(stanza.get('Check-Valid-Until')),
    trusted: isYes(stanza.get('Trusted')),
    file,
    line: stanza.line,
  };
  return words(stanza.get('URIs')).flatMap((uri) =>
    words(stanza.get('Suites')).map((suite) => ({ uri: trimSlashes(uri), suite, ...common })),
  );
}

function parseSignedBy(
  field: Field | undefined,
  file: string,
  diagnostics: Diagnostic[],
): SignedBy | undefined {
  if (field === undefined || field.value.trim() === '') return undefined;
  if (field.value.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')) {
    const lines = field.value.split('\n').map((line) => (line.trim() === '.' ? '' : line.trim()));
    return { kind: 'inline', armor: `${lines.join('\n').trim()}\n` };
  }
  return keyringPaths(field.value, { file, line: field.line, field: field.name }, diagnostics);
}

/** apt also takes fingerprints, which mean "any keyring of the host that has it": no input of ours. */
function keyringPaths(
  text: string,
  place: Omit<Diagnostic, 'message'>,
  diagnostics: Diagnostic[],
): SignedBy | undefined {
  const paths = text.split(/[\s,]+/).filter((path) => path !== '');
  const wrong = paths.find((path) => !path.startsWith('/'));
  if (wrong === undefined) return { kind: 'files', paths };
  diagnostics.push({ ...place, message: `"${wrong}"; allowed: the absolute path of a keyring` });
  return undefined;
}

const oneLine = /^deb\s+(?:\[(?<options>[^\]]*)\]\s*)?(?<uri>\S+)\s+(?<suite>\S+)(?<components>(?:\s+\S+)*)$/;

/** Reads a one-line-style `.list` file, sources.list(5). Lines other than `deb` are left out. */
export function parseListFile(text: string, file: string): ParsedSources {
  const parsed: ParsedSources = { entries: [], diagnostics: [] };
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*$/, '').trim();
    if (!/^deb(?:\s|$)/.test(line)) continue;
    const groups = oneLine.exec(line)?.groups;
    if (groups?.uri === undefined || groups.suite === undefined) {
      parsed.diagnostics.push({
        file,
        line: index + 1,
        message: 'allowed: deb [options] URI SUITE COMPONENT...',
      });
      continue;
    }
    const options = parseOptions(groups.options ?? '');
    const place = { file, line: index + 1, field: 'signed-by' };
    const keyrings = options.get('signed-by');
    parsed.entries.push({
      uri: trimSlashes(groups.uri),
      suite: groups.suite,
      components: words(groups.components),
      architectures: (options.get('arch') ?? '').split(',').filter((name) => name !== ''),
      signedBy: keyrings === undefined ? undefined : keyringPaths(keyrings, place, parsed.diagnostics),
      checkValidUntil: !isNo(options.get('check-valid-until')),
      trusted: isYes(options.get('trusted')),
      file,
      line: index + 1,
    });
  }
  return parsed;
}

function parseOptions(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const word of words(text)) {
    const equals = word.indexOf('=');
    if (equals > 0)
      options.set(word.slice(0, equals).toLowerCase().replace(/[+-]$/, ''), word.slice(equals + 1));
  }
  return options;
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

function trimSlashes(uri: string): string {
  return uri.replace(/\/+$/, '');
}

/** The words that apt takes for no and for yes. */
function isNo(text: string | undefined): boolean {
  return /^(?:no|false|without|off|disable|0)$/i.test(text?.trim() ?? '');
}

function isYes(text: string | undefined): boolean {
  return /^(?:yes|true|with|on|enable|1)$/i.test(text?.trim() ?? '');
}
