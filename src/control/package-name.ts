/** The name of a package, Debian Policy 5.6.7. */
export const packagePattern = /^[a-z0-9][a-z0-9+.-]+$/;

export const packageNameRule =
  'lower-case letters, digits, + - and ., at least two, starting with a letter or digit (Debian Policy 5.6.7)';

/** The nearest allowed name, to propose; undefined if no character of the text is allowed. */
export function nearestPackageName(text: string): string | undefined {
  const near = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9+.]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '');
  return packagePattern.test(near) ? near : undefined;
}
