/** What Debian Policy 5.6.7 allows as the name of a package. */
export const packageNameRule =
  'lower-case letters, digits, + - and ., at least two, starting with a letter or digit (Debian Policy 5.6.7)';

/** Whether Debian Policy 5.6.7 allows this name of a package. */
export function isPackageName(name: string): boolean {
  return /^[a-z0-9][a-z0-9+.-]+$/.test(name);
}

/** The nearest allowed name, to propose; undefined if no character of the text is allowed. */
export function nearestPackageName(text: string): string | undefined {
  const near = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9+.]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '');
  return isPackageName(near) ? near : undefined;
}
