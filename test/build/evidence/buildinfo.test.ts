import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBuildinfo } from '../../../src/build/evidence/buildinfo.ts';
import { run } from '../../../src/system/process.ts';
import { epoch, locked, makeFolder } from './inputs.ts';

let scratch: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  scratch = await makeFolder();
});
afterAll(() => scratch.remove());

const packages = [
  locked('libc6', '2.36-9+deb12u1'),
  locked('base-files', '12.4', 'all'),
  locked('perl', '1:5.36~rc1-7'),
  locked('libc6', '2.36-9+deb12u1', 'i386'),
];

function buildinfo(buildRoot = packages): string {
  return formatBuildinfo({
    source: 'hello',
    version: '1:1.0',
    binaries: ['hello'],
    architecture: 'amd64',
    files: [scratch.deb],
    buildRoot,
    origin: 'Debian',
    buildPath: '/build/hello-1.0',
    environment: { PATH: '/bin', DEB_BUILD_OPTIONS: 'a"b\\c', LC_ALL: 'C.UTF-8', SOURCE_DATE_EPOCH: '1' },
    sourceDateEpoch: epoch,
  });
}

/** Reads it with dpkg's own modules, as debrebuild does. */
const reader = `
use Dpkg::Control; use Dpkg::Deps; use Dpkg::Checksums;
my $c = Dpkg::Control->new(type => CTRL_FILE_BUILDINFO);
$c->load($ARGV[0]);
my $deps = deps_parse($c->{'Installed-Build-Depends'}, reduce_arch => 0, build_dep => 0) // die 'deps';
print join('|', map { my $d = $_; join ' ', $d->{package}, $d->{archqual} // '-', $d->{relation}, "$d->{version}" } $deps->get_deps()), "\\n";
my $sums = Dpkg::Checksums->new();
$sums->add_from_control($c, use_files_for_md5 => 0);
print join(' ', map { $_, $sums->get_size($_), $sums->get_checksum($_, 'sha256') } $sums->get_files()), "\\n";
print "$c->{'Build-Date'}\\n$c->{Environment}\\n";
`;

describe('a .buildinfo', () => {
  it("is read by dpkg's modules as it was meant", async () => {
    const file = join(scratch.folder, 'hello_1.0_amd64.buildinfo');
    await writeFile(file, buildinfo());
    const [deps, sums, date, ...environment] = (await run(['perl', '-e', reader, file])).stdout.split('\n');
    expect(deps).toBe(
      'base-files - = 12.4|libc6 - = 2.36-9+deb12u1|libc6 i386 = 2.36-9+deb12u1|perl - = 1:5.36~rc1-7',
    );
    expect(sums).toBe(`${scratch.deb.name} ${scratch.deb.size} ${scratch.deb.sha256}`);
    expect(date).toBe((await run(['date', '-u', '-R', '-d', `@${epoch}`])).stdout);
    // dpkg escapes as it does for a shell's double quotes
    expect(environment.filter((line) => line.includes('='))).toEqual([
      'DEB_BUILD_OPTIONS="a\\"b\\\\c"',
      'LC_ALL="C.UTF-8"',
      'SOURCE_DATE_EPOCH="1"',
    ]);
  });

  it('passes dscverify, which compares every checksum with the file', async () => {
    const file = join(scratch.folder, 'hello_1.0_amd64.buildinfo');
    await writeFile(file, buildinfo());
    const options = { cwd: scratch.folder };
    const { stdout } = await run(['dscverify', '--no-sig-check', file], options);
    expect(stdout).toContain(`validating ${scratch.deb.name}`);
    await writeFile(file, buildinfo().replace(scratch.deb.sha256, '0'.repeat(64)));
    await expect(run(['dscverify', '--no-sig-check', file], options)).rejects.toThrow('SHA256 mismatch');
  });

  it('does not depend on the order of the lock', () => {
    expect(buildinfo([...packages].reverse())).toBe(buildinfo());
  });
});
