/** The plain text within an OpenPGP cleartext signature, and whether there was one. */
export interface ClearsignedText {
  text: string;
  signed: boolean;
}

const begin = '-----BEGIN PGP SIGNED MESSAGE-----';
const signature = '-----BEGIN PGP SIGNATURE-----';

/**
 * Takes the text out of an OpenPGP cleartext signature (RFC 9580, section 7) as in InRelease, .dsc and .changes.
 * It verifies nothing: use only text whose signature gpgv has accepted. Text outside the signed part is dropped.
 */
export function stripClearsign(text: string): ClearsignedText {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const start = lines.indexOf(begin);
  if (start < 0) return { text, signed: false };
  const headerEnd = lines.indexOf('', start);
  const end = lines.indexOf(signature, start);
  if (headerEnd < 0 || end < headerEnd) return { text: '', signed: false };
  const body = lines.slice(headerEnd + 1, end).map((line) => (line.startsWith('- ') ? line.slice(2) : line));
  return { text: `${body.join('\n')}\n`, signed: true };
}
