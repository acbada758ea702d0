/** A word for a value of a unit file that is split into words, systemd.syntax(7): `%` is doubled, the rest quoted. */
export function quoteForUnit(word: string): string {
  const text = word.replaceAll('%', '%%');
  if (/^[\w@+=:,./%-]+$/.test(text)) return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
