import { ProdngError } from '../error/prodng-error.ts';

interface Kind {
  pattern: RegExp;
  code: 'ARCHIVE_SIGNATURE' | 'ARCHIVE_STALE' | 'ARCHIVE_UNREACHABLE';
  what: string;
  hint: string;
}

/** Most serious first: apt goes on after a failure and then reports follow-up ones. */
const kinds: readonly Kind[] = [
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
    hint: 'prodng takes no archive without a signature: sign its Release file, apt-secure(8)',
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

/** Says in our words why `apt-get update` failed, with apt's own errors below. */
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
