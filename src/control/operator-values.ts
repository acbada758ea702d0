import { ProdngError } from '../error/prodng-error.ts';
import { settingFault } from './fields/settings.ts';
import type { JailDeclaration } from './jail-declaration.ts';

/** What an operator gives a jail beside its package: each is refused that the jail does not declare. */
export interface OperatorValues {
  /** Values of Jail-Settings by their names. */
  settings?: Readonly<Record<string, string>> | undefined;
  /** Contents of Jail-Credentials by their names. Never part of a message. */
  credentials?: Readonly<Record<string, Uint8Array>> | undefined;
  /** Files of the host, by the path in Jail-Configuration that each replaces. */
  configuration?: Readonly<Record<string, string>> | undefined;
}

/** systemd has the same limit for one credential: 1 MiB in all, systemd.exec(5); pages of memory hold these. */
export const longestCredential = 128 * 1024;

/** Bytes of a file for Jail-Configuration that is given to an agent: a request has it in base64. */
export const longestConfiguration = 512 * 1024;

/**
 * The declaration with the operator's settings, and the defaults of the others, in its environment.
 *
 * @throws ProdngError USAGE for a name that is not declared or a value that does not match; all that are wrong at once
 */
export function withSettings(
  declaration: JailDeclaration,
  given: OperatorValues['settings'] = {},
): JailDeclaration {
  const { settings, environment } = declaration;
  const faults = [
    ...undeclared(
      'Jail-Settings',
      Object.keys(given),
      settings.map(({ name }) => name),
    ),
    ...settings.flatMap((setting) => {
      const value = Object.hasOwn(given, setting.name) ? given[setting.name] : undefined;
      const fault = value === undefined ? undefined : settingFault(setting, value);
      return fault === undefined ? [] : [`Jail-Settings: ${fault.message}`];
    }),
  ];
  assertNone(faults);
  const values = settings.flatMap(({ name, default: fallback }) => {
    const value = Object.hasOwn(given, name) ? given[name] : fallback;
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...declaration, environment: { ...environment, ...Object.fromEntries(values) } };
}

/**
 * Checks the names and lengths of credentials, and that none is missing.
 *
 * @throws ProdngError USAGE that names all that are wrong
 */
export function assertCredentials(
  { credentials }: JailDeclaration,
  given: OperatorValues['credentials'] = {},
): void {
  assertNone([
    ...undeclared(
      'Jail-Credentials',
      Object.keys(given),
      credentials.map(({ name }) => name),
    ),
    ...credentials
      .filter(({ name, required }) => required && !Object.hasOwn(given, name))
      .map(({ name }) => `Jail-Credentials: ${name} is required and not given`),
    ...Object.entries(given)
      .filter(([, bytes]) => bytes.length > longestCredential)
      .map(([name]) => `Jail-Credentials: ${name} is longer than ${longestCredential} bytes`),
  ]);
}

/**
 * Checks that a jail declares each configuration file that is given.
 *
 * @throws ProdngError USAGE
 */
export function assertConfiguration(
  { configuration }: JailDeclaration,
  given: OperatorValues['configuration'] = {},
): void {
  assertNone(undeclared('Jail-Configuration', Object.keys(given), configuration));
}

function undeclared(field: string, given: readonly string[], declared: readonly string[]): string[] {
  return given
    .filter((name) => !declared.includes(name))
    .map((name) => `${field}: ${name} is not declared; declared: ${declared.join(', ') || 'none'}`);
}

function assertNone(faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new ProdngError('USAGE', faults.join('; '), {
    hint: 'an operator may give a jail only what its package declares',
  });
}
