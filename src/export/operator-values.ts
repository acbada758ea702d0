import { credentialsFolder } from '../control/fields/credentials.ts';
import type { JailImage } from './jail-image.ts';

/** A file that an operator may replace: where it is in the jail, and what the package has there. */
export interface ConfigurationFile {
  /** Absolute in the jail. */
  path: string;
  /** Its name among the exported files: a number, and the file's own name in characters that every format takes. */
  key: string;
  content: Buffer;
}

/** The defaults of Jail-Settings by their names; a setting without one is not set. */
export function settingDefaults({ declaration }: JailImage): Record<string, string> {
  return Object.fromEntries(
    declaration.settings.flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The files of Jail-Configuration, in the order of the declaration. */
export function configurationFiles({ declaration, configuration }: JailImage): ConfigurationFile[] {
  return declaration.configuration.map((path, index) => {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9._-]/g, '-');
    return { path, key: `${index}-${name}`, content: configuration.get(path) ?? Buffer.of() };
  });
}

/** Where the service reads a credential. */
export function credentialPath(name: string): string {
  return `${credentialsFolder}/${name}`;
}
