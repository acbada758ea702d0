/** The name of a package, Debian Policy 5.6.1. */
export const packagePattern = /^[a-z0-9][a-z0-9+.-]+$/;

/** A relative path of plain names. Even a path from a signed index must not leave the archive. */
export const poolPathPattern = /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[\w+.,~:%@=/-]+\.deb$/;
