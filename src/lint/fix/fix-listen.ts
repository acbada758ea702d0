/** Each port once, in the order of their numbers. */
export function fixedListen(lines: readonly string[]): readonly string[] {
  const words = lines
    .join(' ')
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  const ports = words.map((word) => /^(\d+)\/(tcp|udp)$/.exec(word));
  if (ports.includes(null)) return lines;
  const sorted = [...new Set(words)].sort(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1),
  );
  const isRight = sorted.length === words.length && sorted.every((word, index) => word === words[index]);
  return isRight ? lines : [sorted.join(', ')];
}
