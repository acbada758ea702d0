/** `CAP_CHOWN` as most people write it: the text to find in a field that may have it either way. */
export function shortName(capability: string): string {
  return capability.replace(/^CAP_/, '');
}
