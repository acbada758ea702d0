import { ProdngError } from '../../error/prodng-error.ts';

/** A jail's name: a package's, or one of several instances of it: `web`, `web@2`. */
export const jailNamePattern = /^[a-z0-9][a-z0-9+.-]{1,62}(?:@[a-z0-9][a-z0-9-]{0,15})?$/;

/** @throws ProdngError USAGE */
export function assertJailName(name: string): void {
  if (jailNamePattern.test(name)) return;
  throw new ProdngError('USAGE', `${name}: not a jail's name`, {
    hint: 'a name is a package name, or PACKAGE@INSTANCE such as web@2',
  });
}

/** The package that a jail is made of. */
export function packageOf(name: string): string {
  return name.split('@', 1)[0] ?? name;
}
