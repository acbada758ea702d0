import { ownValue } from '../../system/own-value.ts';

/** What each group of `Jail-Prune` leaves out. Paths are relative to the root and usr-merged. */
const groups: Readonly<Record<string, RegExp>> = {
  docs: /^usr\/share\/(?:doc|doc-base|bug|menu)\//,
  man: /^usr\/(?:local\/)?share\/man\//,
  info: /^usr\/share\/info\//,
  locales: /^usr\/share\/(?:locale\/[^/]+\/LC_|i18n\/locales\/)/,
  lintian: /^usr\/share\/lintian\//,
};

/** Licences require these of every distributor: they stay, whatever is pruned. */
const copyright = /^usr\/share\/doc\/[^/]+\/copyright$|^usr\/share\/common-licenses\//;
/** Where one package's copyright file is another's folder. */
const copyrightFolder = /^usr\/share\/doc\/[^/]+$/;

/** Data of a package manager: a jail has none. */
const packageManager =
  /^(?:var\/(?:lib|cache|log)\/(?:apt|dpkg|aptitude|debconf|ucf)|etc\/(?:apt|dpkg|debconf\.conf)|usr\/share\/(?:debconf|bash-completion))(?:\/|$)/;

/**
 * Returns what to leave out of a rootfs.
 *
 * @param rules group names and globs of absolute paths, as `Jail-Prune` has them
 */
export function pruner(rules: readonly string[]): (path: string) => boolean {
  const patterns = rules.map((rule) => ownValue(groups, rule) ?? globPattern(rule));
  return (path) => {
    if (copyright.test(path) || copyrightFolder.test(path)) return false;
    return packageManager.test(path) || patterns.some((pattern) => pattern.test(path));
  };
}

/** A glob of absolute paths, where `*` crosses `/`; a folder's name covers everything in it. */
function globPattern(glob: string): RegExp {
  const text = glob.replace(/^\/+/, '').replace(/\/+$/, '');
  const pattern = escaped(text).replaceAll('*', '.*').replaceAll('?', '[^/]');
  return new RegExp(`^${pattern}(?:/|$)`);
}

function escaped(char: string): string {
  return char.replace(/[\\^$.+()[\]{}|]/g, '\\$&');
}
