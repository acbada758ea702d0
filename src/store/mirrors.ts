/** As apt does: every character of a name that means something in a URI is escaped, a `%` of its own too. */
export function poolUri(base: string, poolPath: string): string {
  if (/^(?:file|copy):/.test(base)) return `${base}/${poolPath}`;
  return `${base}/${poolPath.split('/').map(encodeURIComponent).join('/')}`;
}

/** A URI without its password, for messages. */
export function withoutPassword(uri: string): string {
  return uri.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}
