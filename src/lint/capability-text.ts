/** `CAP_CHOWN` as most people write it: what to look for in a field that may have it either way. */
export function shortName(capability: string): string {
  return capability.replace(/^CAP_/, '');
}
