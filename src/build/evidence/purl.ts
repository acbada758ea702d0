/**
 * The package URL of a Debian package, `pkg:deb/debian/libc6@2.36-9?arch=amd64`.
 *
 * @param vendor the archive's Origin
 */
export function debPurl(
  vendor: string,
  name: string,
  version: string,
  qualifiers: Readonly<Record<string, string>>,
): string {
  const query = Object.entries(qualifiers)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}=${encoded(value)}`)
    .sort()
    .join('&');
  return `pkg:deb/${encoded(vendor.toLowerCase())}/${encoded(name)}@${encoded(version)}?${query}`;
}

/** The package URL of a file that belongs to no ecosystem: what it is called, its bytes, and where it came from. */
export function filePurl(name: string, url: string, sha256: string): string {
  const path = name.split('/').map(encoded).join('/');
  return `pkg:generic/${path}?checksum=sha256:${sha256}&download_url=${encoded(url)}`;
}

/** The specification leaves colons as they are, which epochs have. */
function encoded(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
