import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As dpkg names it. */
export const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();

/** The least rules that make a package, without debhelper, so that the build root is build-essential alone. */
export const plainRules = `#!/usr/bin/make -f
build clean:
binary: binary-indep
binary-indep:
\trm -rf debian/tmp
\tmkdir -p debian/tmp/DEBIAN debian/tmp/usr/share/evil
\techo evil >debian/tmp/usr/share/evil/file
\tdpkg-gencontrol -pevil -Pdebian/tmp
\tdpkg-deb --root-owner-group --build debian/tmp ..
binary-arch:
`;

/**
 * Makes a source package of one binary package, evil 1, Architecture: all.
 *
 * @param control appended to the binary stanza
 */
export function makeEvilSource(folder: string, rules = plainRules, control = ''): void {
  const debian = join(folder, 'debian');
  mkdirSync(debian, { recursive: true });
  writeFileSync(
    join(debian, 'control'),
    `Source: evil
Maintainer: E. Vil <evil@example.org>
Section: misc
Priority: optional
Standards-Version: 4.6.2

Package: evil
Architecture: all
Description: a package for tests
${control}`,
  );
  writeFileSync(
    join(debian, 'changelog'),
    `evil (1) unstable; urgency=low

  * First.

 -- E. Vil <evil@example.org>  Thu, 01 Jan 2026 00:00:00 +0000
`,
  );
  writeFileSync(join(debian, 'rules'), rules);
  chmodSync(join(debian, 'rules'), 0o755);
}
