import { formatDeb822, parseDeb822 } from '../../control/deb822.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { ownValue } from '../../system/own-value.ts';
import type { ChangelogText } from './changelog-text.ts';
import { checksumLines, type FileDigest } from './file-digest.ts';
import { mailDate } from './mail-date.ts';

/** A file of an upload. */
export interface UploadedFile extends FileDigest {
  section: string;
  priority: string;
}

export interface ChangesInput {
  source: string;
  version: string;
  binaries: readonly { name: string; summary: string }[];
  architecture: string;
  distribution: string;
  maintainer: string;
  changelog: ChangelogText;
  files: readonly UploadedFile[];
  /** Seconds. */
  sourceDateEpoch: number;
}

/** Writes a .changes, deb-changes(5), format 1.8. The same input gives the same bytes. */
export function formatChanges(input: ChangesInput): string {
  const { changelog, files } = input;
  const closes = changelog.closes.join(' ');
  const fields = [
    ['Format', '1.8'],
    ['Date', mailDate(input.sourceDateEpoch)],
    ['Source', input.source],
    ['Binary', input.binaries.map(({ name }) => name).join(' ')],
    ['Architecture', input.architecture],
    ['Version', input.version],
    ['Distribution', input.distribution],
    ['Urgency', changelog.urgency],
    ['Maintainer', input.maintainer],
    ['Changed-By', changelog.changedBy],
    ['Description', input.binaries.map(({ name, summary }) => `\n${name.padEnd(10)} - ${summary}`).join('')],
    ...(closes === '' ? [] : [['Closes', closes]]),
    ['Changes', `\n${changelog.changes}`],
    ['Checksums-Sha1', checksumLines(files, 'sha1')],
    ['Checksums-Sha256', checksumLines(files, 'sha256')],
    ['Files', fileLines(files)],
  ] as const;
  return formatDeb822([{ fields: fields.map(([name = '', value = '']) => ({ name, value })) }]);
}

/**
 * A .changes with the digests of its files as they are now: what debsign does after it has signed one of them. The
 * rest stays as it is.
 *
 * @param files the digests of every file that it lists
 * @throws ProdngError CONTROL_SYNTAX when it cannot be parsed, or lists another file
 */
export function withNewDigests(text: string, file: string, files: readonly FileDigest[]): string {
  const [stanza] = parseDeb822(text, file);
  const listed = (stanza?.get('Files') ?? '').split('\n').flatMap((line) => {
    const [, , section, priority, name] = line.trim().split(/\s+/);
    return section && priority && name ? [{ section, priority, name }] : [];
  });
  const uploaded = listed.map(({ name, ...rest }) => {
    const digest = files.find((item) => item.name === name);
    if (digest === undefined)
      throw new ProdngError('CONTROL_SYNTAX', `${file}: lists ${name}, which is not given`);
    return { ...digest, ...rest };
  });
  const fresh: Readonly<Record<string, string>> = {
    'Checksums-Sha1': checksumLines(uploaded, 'sha1'),
    'Checksums-Sha256': checksumLines(uploaded, 'sha256'),
    Files: fileLines(uploaded),
  };
  const fields =
    stanza?.fields.map(({ name, value }) => ({ name, value: ownValue(fresh, name) ?? value })) ?? [];
  return formatDeb822([{ fields }]);
}

function fileLines(files: readonly UploadedFile[]): string {
  return files
    .map(({ md5, size, section, priority, name }) => `\n${md5} ${size} ${section} ${priority} ${name}`)
    .join('');
}
