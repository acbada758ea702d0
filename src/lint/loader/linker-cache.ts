const magic = Buffer.from('glibc-ld.so.cache1.1');
const headerSize = 48;
const entrySize = 24;
const mostEntries = 100_000;

/**
 * Reads /etc/ld.so.cache in glibc's new format (the old one may precede it).
 *
 * @returns the paths of each library's name, the preferred first; undefined when the bytes are no cache
 */
export function parseLinkerCache(bytes: Buffer): Map<string, string[]> | undefined {
  const start = bytes.indexOf(magic);
  if (start < 0 || start + headerSize > bytes.length) return undefined;
  const count = bytes.readUInt32LE(start + 20);
  const end = start + headerSize + count * entrySize;
  if (count > mostEntries || end > bytes.length) return undefined;
  const libraries = new Map<string, string[]>();
  for (let at = start + headerSize; at < end; at += entrySize) {
    const name = textAt(bytes, start + bytes.readUInt32LE(at + 4));
    const path = textAt(bytes, start + bytes.readUInt32LE(at + 8));
    if (name === undefined || path === undefined) return undefined;
    const paths = libraries.get(name);
    if (paths === undefined) libraries.set(name, [path]);
    else paths.push(path);
  }
  return libraries;
}

function textAt(bytes: Buffer, at: number): string | undefined {
  const end = at < bytes.length ? bytes.indexOf(0, at) : -1;
  return end < 0 || end - at > 4096 ? undefined : bytes.toString('utf8', at, end);
}
