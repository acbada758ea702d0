import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { type OperatorValues, withSettings } from '../../control/operator-values.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Overrides } from '../state/overrides-schema.ts';
import type { InstalledVersion } from '../state/state-schema.ts';
import type { ConfigurationStore } from './configuration-store.ts';
import type { CredentialStore } from './credential-store.ts';

/** Where the agent keeps what operators give to jails. */
export interface OperatorStores {
  credentials: CredentialStore;
  configuration: ConfigurationStore;
}

/**
 * What the operator gives to a version of a jail, for a start. Credentials that are stored and not declared by this
 * version are left out: another version may declare them.
 *
 * @throws ProdngError CONFIG when a setting or file is no longer declared, or a required credential is not set; and what
 *   CredentialStore throws
 */
export async function operatorValues(
  jail: string,
  declaration: JailDeclaration,
  { version, configuration: files = {} }: InstalledVersion,
  { settings }: Overrides,
  stores: OperatorStores,
): Promise<OperatorValues> {
  const { credentials, configuration } = declaration;
  assertSettings(jail, version, declaration, settings);
  const gone = Object.keys(files).filter((path) => !configuration.includes(path));
  if (gone.length > 0)
    throw new ProdngError(
      'CONFIG',
      `${jail}: ${version} does not declare ${gone.join(', ')} in Jail-Configuration`,
      {
        hint: `take it back: prodng configuration rm ${jail} ${gone.join(' ')}`,
      },
    );
  const given = await stores.credentials.read(
    jail,
    credentials.map(({ name }) => name),
  );
  const missing = credentials.filter(({ name, required }) => required && !Object.hasOwn(given, name));
  if (missing.length > 0)
    throw new ProdngError(
      'CONFIG',
      `${jail}: it needs credentials that are not set: ${missing.map(({ name }) => name).join(', ')}`,
      { hint: `prodng credential set ${jail} ${missing[0]?.name} < FILE` },
    );
  const paths = Object.entries(files).map(([path, sha256]) => [
    path,
    stores.configuration.path(jail, sha256),
  ]);
  return { settings: settings ?? {}, credentials: given, configuration: Object.fromEntries(paths) };
}

function assertSettings(
  jail: string,
  version: string,
  declaration: JailDeclaration,
  settings: Overrides['settings'],
): void {
  try {
    withSettings(declaration, settings);
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    throw new ProdngError('CONFIG', `${jail} ${version}: ${error.message}`, {
      hint: `change the setting, or take it back: prodng set ${jail} setting.NAME=`,
    });
  }
}
