import { ProdngError } from '../error/prodng-error.ts';

interface Kind {
  pattern: RegExp;
  code: 'ARCHIVE_SIGNATURE' | 'ARCHIVE_STALE' | 'ARCHIVE_UNREACHABLE';
  what: string;
  hint: string;
}

/** The cause first: apt continues after a failure, and reports a missing signature for what it could not fetch. */
const kinds: readonly Kind[] = [
  {
    pattern: /Failed to fetch .*\b407\b/,
    code: 'ARCHIVE_UNREACHABLE',
    what: 'the proxy requires a login (407)',
    hint: 'put the user name and password into http_proxy: http://USER:PASSWORD@PROXY:PORT',
  },
  {
    pattern: /Failed to fetch .*\b40[13]\b/,
    code: 'ARCHIVE_UNREACHABLE',
    what: 'it denies access (401 or 403)',
    hint: 'a private archive needs credentials, in a sources file that others cannot read: URIs: https://USER:PASSWORD@HOST/',
  },
  {
    pattern: /does the network require authentication/,
    code: 'ARCHIVE_UNREACHABLE',
    what: 'the answer is a web page, not a Release file',
    hint: 'the network has a login page (captive portal), or URIs names a web site: open it in a browser',
  },
  {
    pattern:
      /NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|EXPSIG|couldn't be verified|were invalid|GPG error|no valid OpenPGP/,
    code: 'ARCHIVE_SIGNATURE',
    what: 'its signature cannot be verified',
    hint: 'give the keyring of that archive as Signed-By; for Debian: apt-get install debian-archive-keyring',
  },
  {
    pattern: /is not signed|Clearsigned file isn't valid|NOSPLIT|NODATA/,
    code: 'ARCHIVE_SIGNATURE',
    what: 'it is not signed, or not in a form that apt accepts',
    hint: 'prodng requires a signed Release file, apt-secure(8)',
  },
  {
    pattern: /is expired|is not valid yet|expired since|invalid for another/,
    code: 'ARCHIVE_STALE',
    what: 'its Release file is past its Valid-Until, or from the future',
    hint:
      'the mirror is out of date, or this clock is wrong; for a mirror that is frozen on purpose write ' +
      '"Check-Valid-Until: no" into its stanza',
  },
  {
    pattern: /Hash Sum mismatch|unexpected size|Mirror sync in progress|No Hash entry|no strong hash/i,
    code: 'ARCHIVE_SIGNATURE',
    what: 'an index is not the one that the signed Release file names',
    hint: 'the mirror may be in the middle of an update: try again in some minutes, or use another mirror',
  },
  {
    pattern: /signal 25|File size limit/,
    code: 'ARCHIVE_SIGNATURE',
    what: 'it sends a file without an end',
    hint: 'use another mirror, and tell the operator of this one',
  },
  {
    pattern: /does not have a Release file|no longer has a Release file/,
    code: 'ARCHIVE_UNREACHABLE',
    what: 'there is no Release file: no such suite, or no archive at all',
    hint: 'check URIs and Suites of the configured archives',
  },
];

const unreachable: Kind = {
  pattern: /./,
  code: 'ARCHIVE_UNREACHABLE',
  what: 'it cannot be reached',
  hint: 'check the network and, behind a proxy, http_proxy; what is locked and in the store needs no archive',
};

/** Explains why `apt-get update` failed, with apt's own message below. */
export function updateFailure(output: string): ProdngError {
  const lines = output.split('\n').filter((line) => /^[EW]: /.test(line));
  for (const kind of kinds) {
    const line = lines.find((candidate) => kind.pattern.test(candidate));
    if (line !== undefined) return failure(kind, line);
  }
  const first = lines.find((line) => line.startsWith('E: ')) ?? output.trim().split('\n').at(-1) ?? '';
  return failure(unreachable, first);
}

function failure(kind: Kind, line: string): ProdngError {
  const said = line.replace(/^[EW]: /, '');
  const where = /\b(?:https?|file|copy):\/\S*[^\s.,:;']/.exec(said)?.[0] ?? 'a configured archive';
  return new ProdngError(kind.code, `package archive ${where}: ${kind.what}\n  apt says: ${said}`, {
    hint: kind.hint,
  });
}
