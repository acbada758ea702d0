import { countBound } from '../bound.ts';
import { compareItems } from '../compare-values.ts';
import { isNone, lineWords, type Report, type Word } from '../field-value.ts';
import type { FieldChange, JailField } from '../jail-field.ts';

/** One line of `Jail-Credentials`: a secret that the operator gives the service as a file. */
export interface JailCredential {
  name: string;
  /** Whether the jail does not start without it. */
  required: boolean;
}

/** Where credentials are in a jail. */
export const credentialsFolder = '/run/credentials';

/** `Jail-Credentials` */
export const credentialsField: JailField<JailCredential[]> = {
  name: 'Credentials',
  required: false,
  default: 'none',
  syntax: 'none | one credential a line: NAME [optional]',
  doc: `Secrets that the operator of a host gives the service, each as the file \`${credentialsFolder}/NAME\`: in memory, read-only,
mode 0400, owned by \`Jail-User\`. They are in no package, environment, command line, log or answer of the API. Without one
that is not \`optional\` the jail does not start.`,
  example: 'db-password\ntls-key optional',
  bounds: [countBound('credentials', 32)],
  fallback: [],
  parse(field, report) {
    const lines = lineWords(field);
    if (isNone(lines.flat())) return [];
    const credentials = lines.map((words) => readCredential(words, report));
    if (!credentials.every((credential) => credential !== undefined)) return undefined;
    const names = credentials.map(({ name }) => name);
    const twice = names.findIndex((name, index) => names.indexOf(name) < index);
    if (twice < 0) return credentials;
    report('jail-field-invalid', `${names[twice]} is declared twice; declare it once`, lines[twice]?.[0]);
    return undefined;
  },
  // not written when empty: a .deb without it stays installable where the field is not known
  format: (credentials) => credentials.map(formatCredential).join('\n'),
  json: (z) => z.array(z.strictObject({ name: z.string(), required: z.boolean() })),
  compare: compareCredentials,
  exposure: () => [],
  readBack: [],
  summary: (credentials) => credentials.map(({ name }) => name).join(' ') || undefined,
};

function formatCredential({ name, required }: JailCredential): string {
  return required ? name : `${name} optional`;
}

/** A name that is new lets the jail read a secret that the operator may have set for another version. */
function compareCredentials(
  before: readonly JailCredential[],
  after: readonly JailCredential[],
): FieldChange[] {
  const kept = after.flatMap((now): FieldChange[] => {
    const old = before.find(({ name }) => name === now.name);
    if (old === undefined || old.required === now.required) return [];
    return [{ kind: 'changed', old: formatCredential(old), new: formatCredential(now) }];
  });
  return [...compareItems(before, after, ({ name }) => name), ...kept];
}

function readCredential([name, option, extra]: readonly Word[], report: Report): JailCredential | undefined {
  const wrong = extra ?? (option?.text === 'optional' ? undefined : option);
  if (name !== undefined && wrong === undefined && /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name.text))
    return { name: name.text, required: option === undefined };
  const word = wrong ?? name;
  report(
    'jail-field-invalid',
    `"${word?.text ?? ''}"; allowed: NAME [optional], a name of a-z, 0-9, ., _ and -, up to 64 characters`,
    word,
  );
  return undefined;
}
