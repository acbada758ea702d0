// Names that other engines do not allow are written with escapes, so that the Debian name can be read back.

/** A Debian package name as a Kubernetes name, RFC 1123 label: `-x2e` is `.`, `-x2b` is `+`. */
export function kubernetesName(name: string): string {
  const text = name.replace(/[^a-z0-9-]|-(?=x[0-9a-f]{2})|-$/g, (character) => `-x${hex(character)}`);
  return text.length <= 63 ? text : `${text.slice(0, 55)}-${shortHash(name)}`;
}

/** The Debian name of what kubernetesName wrote; what was too long is only found by its annotation. */
export function debianName(text: string): string {
  return text.replace(/-x([0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** A Debian package name as the last component of an image's name: `_2b` is `+`. Distribution specification. */
export function imageName(name: string): string {
  return name.replace(/[^a-z0-9.-]|(?<![a-z0-9])[.-]|[.-](?![a-z0-9])/g, (character) => `_${hex(character)}`);
}

/** A Debian version as an image's tag: `_2b` is `+`, `_7e` is `~`, `_3a` is `:`. */
export function imageTag(version: string): string {
  return version.replace(/[^A-Za-z0-9.-]|^[.-]/g, (character) => `_${hex(character)}`).slice(0, 128);
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}

/** FNV-1a, 28 bits: tells long names apart. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash >>> 4).toString(16).padStart(7, '0');
}
