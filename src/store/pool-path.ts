/** A relative path of plain names. Even a path from a signed index must not leave the archive. */
export const poolPathPattern = /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[\w+.,~:%@=/-]+\.deb$/;
