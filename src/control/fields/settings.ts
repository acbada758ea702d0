import { formatArgv, splitArgv } from '../argv.ts';
import { countBound } from '../bound.ts';
import { compareNamed } from '../compare-values.ts';
import type { ValueLine } from '../deb822-types.ts';
import { isNone, lineWords, type Report } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { matchesPattern, parsePattern } from '../value-pattern.ts';

/** One line of `Jail-Settings`: a variable that an operator may set. */
export interface JailSetting {
  name: string;
  /** What a value must match (value-pattern.ts); absent: any line of text. */
  pattern?: string;
  /** Absent: the variable is not in the environment until it is set. */
  default?: string;
}

const allowed = 'allowed: NAME [pattern=PATTERN] [default=VALUE], quoted as in Jail-Command';

/** `Jail-Settings` */
export const settingsField: JailField<JailSetting[]> = {
  name: 'Settings',
  required: false,
  default: 'none',
  syntax: 'none | one variable a line: NAME [pattern=PATTERN] [default=VALUE]',
  doc: `Environment variables that the operator of a host may set for this jail; all others stay as the package has them. A value
must match the whole PATTERN: alternatives (\`debug|info\`) of characters, \`.\`, \`\\\` before a character and classes
(\`[a-z0-9]\`), each with \`?\`, \`*\`, \`+\`, \`{N}\` or \`{N,M}\`, without groups. Words are quoted as in \`Jail-Command\`. Secrets belong
in \`Jail-Credentials\`: settings are shown to everyone who may see the jail.`,
  example: 'LOG_LEVEL pattern=debug|info|warning default=info\nGREETING default="good morning"',
  bounds: [countBound('settings', 64)],
  fallback: [],
  parse(field, report) {
    if (isNone(lineWords(field).flat())) return [];
    const settings = field
      .lines()
      .filter(({ text }) => text.trim() !== '')
      .map((line) => readSetting(line, report));
    if (!settings.every((setting) => setting !== undefined)) return undefined;
    const names = settings.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    if (twice === undefined) return settings;
    report('environment-duplicate', `${twice} is declared twice; each variable is declared once`, field);
    return undefined;
  },
  // not written when empty: a .deb without it stays installable where the field is not known
  format: (settings) => settings.map(formatSetting).join('\n'),
  json: (z) =>
    z.array(
      z.strictObject({
        name: z.string(),
        pattern: z.string().exactOptional(),
        default: z.string().exactOptional(),
      }),
    ),
  // what may be set is no right of the jail: the operator decides
  compare: (before, after) => compareNamed(byName(before), byName(after), (_, text) => text),
  exposure: () => [],
  readBack: [],
  summary: (settings) => settings.map(({ name }) => name).join(' ') || undefined,
};

function byName(settings: readonly JailSetting[]): Record<string, string> {
  return Object.fromEntries(settings.map((setting) => [setting.name, formatSetting(setting)]));
}

function formatSetting({ name, pattern, default: value }: JailSetting): string {
  return formatArgv([
    name,
    ...(pattern === undefined ? [] : [`pattern=${pattern}`]),
    ...(value === undefined ? [] : [`default=${value}`]),
  ]);
}

function readSetting(line: ValueLine, report: Report): JailSetting | undefined {
  const { words, fault } = splitArgv([line]);
  const wrong = (message: string, place: { line: number; column: number }): undefined => {
    report('jail-field-invalid', `${message}; ${allowed}`, place);
  };
  if (fault !== undefined) return wrong(fault.message, fault);
  const [name, ...options] = words;
  if (name === undefined || !/^[A-Za-z_]\w*$/.test(name.text))
    return wrong(`"${name?.text ?? ''}" is no name of a variable`, name ?? line);
  const setting: JailSetting = { name: name.text };
  for (const option of options) {
    const [, key, value = ''] = /^(pattern|default)=(.*)$/s.exec(option.text) ?? [];
    if ((key !== 'pattern' && key !== 'default') || setting[key] !== undefined)
      return wrong(`"${option.text}" is no option, or is there twice`, option);
    setting[key] = value;
  }
  const why = settingFault(setting, setting.default ?? '');
  if (why === undefined) return setting;
  if (why.pattern || setting.default !== undefined) return wrong(why.message, name);
  return setting;
}

/**
 * Why a value may not be given to a setting.
 *
 * @returns `pattern`: the pattern itself is wrong
 */
export function settingFault(
  { name, pattern }: JailSetting,
  value: string,
): { message: string; pattern: boolean } | undefined {
  if (/[\0\n\r]/.test(value)) return { message: `${name}: a value is one line of text`, pattern: false };
  if (value.length > 4096) return { message: `${name}: a value has at most 4096 characters`, pattern: false };
  if (pattern === undefined) return undefined;
  const parsed = parsePattern(pattern);
  if (typeof parsed === 'string') return { message: `${name}: ${parsed}`, pattern: true };
  if (matchesPattern(parsed, value)) return undefined;
  return { message: `${name}: "${value}" does not match ${pattern}`, pattern: false };
}
