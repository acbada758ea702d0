/**
 * A pattern in which `*` is any text, as an expression for the whole of a text. Other characters are themselves.
 *
 * @param one whether `?` is any one character
 */
export function wildcardPattern(pattern: string, one = false): RegExp {
  const escaped = pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('\\*', '.*');
  return new RegExp(`^${one ? escaped.replaceAll('\\?', '.') : escaped}$`, 's');
}
