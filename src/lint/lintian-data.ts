import { jailFieldList } from '../control/jail-fields.ts';

/** Where lintian's `--include-dir` is pointed to. */
const folder = 'data/lintian';

/**
 * A vendor of lintian(1) that knows the fields of jails: a profile that extends Debian's, and its list of binary
 * fields, by their paths.
 */
export function lintianVendor(): Record<string, string> {
  const fields = jailFieldList.map(({ name }) => `Jail-${name}`);
  return {
    [`${folder}/profiles/prodng/main.profile`]: profile,
    [`${folder}/vendors/prodng/main/data/fields/binary-fields`]: `# Made by \`npm run docs\` from src/control/fields/. Do not edit.\n\n@include-parent\n\n${fields.join('\n')}\n`,
  };
}

const profile = `# For the .debs of jails: lintian --include-dir data/lintian --profile prodng/main FILE.deb
Profile: prodng/main
Extends: debian/main
# These tags check the files of a rootfs as if they were files of the host.
Disable-Tags:
 no-changelog
 no-copyright-file
 non-standard-dir-perm
 shared-library-lacks-prerequisites
`;
