import { ProdngError } from '../error/prodng-error.ts';
import { ownValue } from './own-value.ts';

const debianNames: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'armhf',
  ia32: 'i386',
  ppc64: 'ppc64el',
  riscv64: 'riscv64',
  s390x: 's390x',
};

/**
 * Debian's name for the architecture this program runs on: what `dpkg --print-architecture` says on Debian.
 *
 * @throws ProdngError HOST_LACKS on a machine that Debian has no name for
 */
export function hostArchitecture(): string {
  const name = ownValue(debianNames, process.arch);
  if (name === undefined) throw new ProdngError('HOST_LACKS', `no Debian architecture for ${process.arch}`);
  return name;
}
