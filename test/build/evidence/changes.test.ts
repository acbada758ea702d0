import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readChangelogText } from '../../../src/build/evidence/changelog-text.ts';
import { formatChanges, withNewDigests } from '../../../src/build/evidence/changes.ts';
import { digestFile } from '../../../src/build/evidence/file-digest.ts';
import { run } from '../../../src/system/process.ts';
import { epoch, makeFolder } from './inputs.ts';

let scratch: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  scratch = await makeFolder();
});
afterAll(() => scratch.remove());

const changelog = `hello (1.0) unstable; urgency=HIGH

  [ Ann Other ]
  * Fix the crash.  (Closes: #123456, bug#7,
    #99)

    with a paragraph of its own
  * closes: 123456
  * Not a bug: #1

 -- Zoë Maintainer <zoe@example.org>  Sat, 01 Mar 2025 12:00:00 +0000

hello (0.9) unstable; urgency=low

  * First. Closes: #1

 -- Zoë Maintainer <zoe@example.org>  Sat, 01 Mar 2024 12:00:00 +0000
`;

function changes(): string {
  return formatChanges({
    source: 'hello',
    version: '1.0',
    binaries: [{ name: 'hello', summary: 'says hello' }],
    architecture: 'amd64',
    distribution: 'unstable',
    maintainer: 'Zoë Maintainer <zoe@example.org>',
    changelog: readChangelogText(changelog, 'debian/changelog'),
    files: [{ ...scratch.deb, section: 'web', priority: 'optional' }],
    sourceDateEpoch: epoch,
  });
}

async function fieldOf(file: string, name: string): Promise<string> {
  const script = `use Dpkg::Control; my $c = Dpkg::Control->new(type => CTRL_FILE_CHANGES);
    $c->load($ARGV[0]); print $c->{$ARGV[1]} // ''`;
  return (await run(['perl', '-e', script, file, name])).stdout.trim();
}

describe('a .changes', () => {
  it('says of the changelog what dpkg-parsechangelog says', async () => {
    const file = join(scratch.folder, 'hello_1.0_amd64.changes');
    const log = join(scratch.folder, 'changelog');
    await writeFile(file, changes());
    await writeFile(log, changelog);
    for (const name of ['Source', 'Version', 'Distribution', 'Urgency', 'Closes', 'Changes']) {
      const { stdout } = await run(['dpkg-parsechangelog', '-l', log, '-S', name]);
      // dpkg-parsechangelog prints empty lines as deb822 encodes them
      expect(await fieldOf(file, name)).toBe(stdout.trim().replace(/^\.$/gm, ''));
    }
    const changedBy = await run(['dpkg-parsechangelog', '-l', log, '-S', 'Maintainer']);
    expect(await fieldOf(file, 'Changed-By')).toBe(changedBy.stdout);
  });

  it('passes dscverify', async () => {
    const file = join(scratch.folder, 'hello_1.0_amd64.changes');
    await writeFile(file, changes());
    const { stdout } = await run(['dscverify', '--no-sig-check', file], { cwd: scratch.folder });
    expect(stdout).toContain('All files validated successfully');
  });

  it('takes new digests and keeps all else', async () => {
    const file = join(scratch.folder, 'hello_1.0_amd64.changes');
    const deb = join(scratch.folder, scratch.deb.name);
    const before = changes();
    expect(withNewDigests(before, file, [scratch.deb])).toBe(before);
    await writeFile(deb, 'another content, of another size\n');
    await writeFile(file, before);
    await expect(run(['dscverify', '--no-sig-check', file], { cwd: scratch.folder })).rejects.toThrow();
    await writeFile(file, withNewDigests(before, file, [await digestFile(deb)]));
    await run(['dscverify', '--no-sig-check', file], { cwd: scratch.folder });
    expect(() => withNewDigests(before, file, [])).toThrow(`lists ${scratch.deb.name}`);
  });
});
