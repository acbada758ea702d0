import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { prodngPaths } from '../../system/paths.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { printable } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng fsck web
  prodng fsck web --deb web_1.0_amd64.deb

Without --deb it compares the content of files with the md5sums that came in the .deb. With it, it compares types, modes,
owners, links and SHA-256 with the .deb itself, whose SHA-256 must be that of the installed version.

Exit status: 0 as installed, 1 not, 2 when it could not be checked.`;

/** `prodng fsck` */
export function register(program: Command): void {
  program
    .command('fsck')
    .description("check a jail's tree against its .deb, as root")
    .argument('<jail>', 'its name')
    .option('--deb <file>', 'the .deb that it was installed from')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(fsck);
}

async function fsck(name: string, { deb, format }: { deb?: string; format: TextOrJson }): Promise<void> {
  const { agentPaths } = await import('../../agent/state/agent-paths.ts');
  const { subjectOnDisk } = await import('../../agent/evidence/subject-on-disk.ts');
  const { walkTree } = await import('../../evidence/collect/walk-tree.ts');
  const subject = await subjectOnDisk(name, agentPaths(prodngPaths()));
  const files = [...walkTree(subject.rootfs, 1_000_000)];
  const unread = files.flatMap(({ path, errno }) =>
    errno === undefined ? [] : [{ path, what: `cannot be read: ${errno}` }],
  );
  const { compared, differences } = await (deb === undefined
    ? againstSums(files, subject.md5sums)
    : againstDeb(files, deb, subject.deb, subject.md5sums.prefix));
  if (compared === 0) throw new ProdngError('EVIDENCE', `${name}: nothing to compare it with`);
  const all = [...unread, ...differences];
  if (all.length > 0) process.exitCode = 1;
  if (format === 'json') return print(`${JSON.stringify({ name, compared, differences: all })}\n`);
  for (const { path, what } of all) print(printable(`${path}: ${what}`).concat('\n'));
  print(`${name}: ${compared} compared, ${all.length} differences\n`);
}

type Files = readonly import('../../evidence/collect/walk-tree.ts').TreeFile[];

async function againstSums(files: Files, { file, prefix }: { file: string; prefix: string }) {
  const { compareTree, parseMd5sums } = await import('../../evidence/collect/compare-tree.ts');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(cause)}`, {
      hint: 'name the .deb: --deb FILE',
      cause,
    });
  }
  const { compared, changed, missing, added } = compareTree(files, parseMd5sums(text, prefix));
  const say = (paths: readonly string[], what: string) => paths.map((path) => ({ path, what }));
  return {
    compared: compared + missing.length,
    differences: [
      ...say(changed, 'was changed'),
      ...say(missing, 'is missing'),
      ...say(added, 'is not of the .deb'),
    ],
  };
}

async function againstDeb(files: Files, deb: string, sha256: string, prefix: string) {
  const { compareWithDeb } = await import('../../evidence/compare-deb.ts');
  const { digestFile } = await import('../../build/evidence/file-digest.ts');
  const digest = await digestFile(deb);
  if (digest.sha256 !== sha256)
    throw new ProdngError('HASH_MISMATCH', `${deb}: is not the .deb that was installed`, {
      hint: `that has the SHA-256 ${sha256}`,
    });
  return compareWithDeb(files, deb, prefix);
}
