import { type Check, checked, notPossible } from './check.ts';
import type { PackageContents } from './package-contents.ts';

/** Compares md5sums, deb-md5sums(5), with the files: both ways. */
export function checkMd5sums({ controlFiles, files }: PackageContents): Check {
  const text = controlFiles.get('md5sums');
  if (text === undefined) return notPossible('md5sums', 'it has no md5sums');
  const findings: string[] = [];
  const listed = new Map<string, string>();
  for (const line of text.toString('utf8').split('\n')) {
    if (line === '') continue;
    const [, digest, path] = /^([0-9a-f]{32}) {2}(.+)$/.exec(line) ?? [];
    if (digest === undefined || path === undefined)
      findings.push(`md5sums: not a line of it: ${JSON.stringify(line)}`);
    else if (listed.has(path)) findings.push(`md5sums: duplicate path ${path}`);
    else listed.set(path, digest);
  }
  for (const [path, digest] of listed) {
    const file = files.get(path);
    if (file?.entry.type === 'hardlink') continue;
    if (file === undefined || file.entry.type !== 'file')
      findings.push(`${path}: listed, and not a file of it`);
    else if (file.md5 !== digest) findings.push(`${path}: has MD5 ${file.md5}, md5sums names ${digest}`);
  }
  let count = 0;
  for (const [path, { entry }] of files) {
    if (entry.type !== 'file') continue;
    count += 1;
    if (!listed.has(path)) findings.push(`${path}: not listed in md5sums`);
  }
  return checked('md5sums', findings, `${count} files`);
}
