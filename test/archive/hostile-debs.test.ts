import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runProgram } from './program.ts';
import {
  ar,
  arHeader,
  controlTar,
  debOf,
  end,
  file,
  folder,
  type Member,
  octal,
  pax,
  rawEntry,
  tar,
  xz,
} from './raw-archive.ts';
import { expectRefusal, unpack } from './refusal.ts';
import { repeatedXz } from './repeated-xz.ts';
import { scratchFolder } from './scratch.ts';

// Compressing and unpacking for real, on a machine that does other things too.
vi.setConfig({ testTimeout: 300_000 });

const scratch = scratchFolder();
const version: Member = ['debian-binary', '2.0\n'];
const control: Member = ['control.tar.xz', xz(controlTar)];
const plain = tar(file('a/b', 'content'));
const data: Member = ['data.tar.xz', xz(plain)];
const magic = Buffer.from('!<arch>\n');

describe('malformed ar archives are refused', () => {
  const whole = ar(version, control, data);
  const sized = (size: string): Buffer =>
    Buffer.concat([ar(version, control), arHeader('data.tar.xz', size), data[1] as Buffer]);
  it.each<[string, Buffer, string]>([
    ['no bytes', Buffer.alloc(0), 'not an ar archive'],
    ['another magic', Buffer.from('!<thin>\n'), 'not an ar archive'],
    ['a size beyond the file', sized('999999'), 'data.tar.xz: larger than the file'],
    ['the largest size', sized('9999999999'), 'data.tar.xz: larger than the file'],
    ['a negative size', sized('-1'), 'data.tar.xz: not a number: -1'],
    ['a size in hexadecimal', sized('0x100'), 'data.tar.xz: not a number: 0x100'],
    ['a size with a fraction', sized('1.5'), 'data.tar.xz: not a number: 1.5'],
    ['no size', sized(''), 'data.tar.xz: no size'],
    ['a size that ends within the member', sized('5'), 'data.tar.xz: wrong padding'],
    ['a size that ends within the member, evenly', sized('4'), 'no member header at'],
    ['garbage after the last member', Buffer.concat([whole, Buffer.from('garbage')]), 'no member header at'],
    ['a member twice', ar(version, control, data, data), 'data.tar.xz: duplicate member'],
    ['a GNU table of long names', ar(version, ['//', 'data.tar.xz/\n'], control, data), '"//": not a member'],
    ['a BSD long name', ar(version, control, ['#1/12', 'data.tar.xz']), '"#1/12": not a member'],
    ['a name with a path', ar(version, control, ['../data.tar.xz', 'x']), '"../data.tar.xz": not a member'],
    [
      '10,000 empty members',
      ar(...Array.from({ length: 10_000 }, (_, index): Member => [`m${index}`, ''])),
      'more than 64',
    ],
    [
      'a header cut short',
      Buffer.concat([magic, arHeader('debian-binary', '4').subarray(0, 40)]),
      'no member header at 8',
    ],
  ])('with %s', async (_, deb, message) => {
    await expectRefusal(scratch, deb, {
      code: 'AR_FORMAT',
      message: new RegExp(message.replaceAll('.', '\\.')),
    });
  });
});

describe('.debs that deb(5) does not know are refused', () => {
  it.each<[string, Member[], string]>([
    ['no members', [], 'the first member is not debian-binary'],
    ['only a version', [version], 'no control.tar'],
    ['no data.tar', [version, control], 'no data.tar'],
    ['no control.tar', [version, data], 'found data.tar.xz, expected control.tar'],
    ['data before control', [version, data, control], 'found data.tar.xz, expected control.tar'],
    ['the version last', [control, data, version], 'the first member is not debian-binary'],
    ['two kinds of data', [version, control, data, ['data.tar.gz', '']], 'unexpected member data.tar.gz'],
    ['a member between', [version, ['_extra', ''], control, data], 'found _extra, expected control.tar'],
    ['a member after', [version, control, data, ['evil', '']], 'unexpected member evil'],
    ['format 3', [['debian-binary', '3.0\n'], control, data], 'unknown format version 3.0'],
    ['no format', [['debian-binary', ''], control, data], 'unknown format version'],
    [
      'a long format',
      [['debian-binary', `2.0\n${'x'.repeat(100)}`], control, data],
      'unknown format version',
    ],
  ])('with %s', async (_, members, message) => {
    await expectRefusal(scratch, ar(...members), { code: 'DEB_FORMAT', message: new RegExp(message) });
  });

  it.each<[string, Buffer, string]>([
    ['a folder in control.tar', tar(folder('x/')), 'ENTRY_REFUSED'],
    [
      'a link in control.tar',
      tar(rawEntry({ name: 'control', typeflag: '2', link: '/etc/passwd' })),
      'ENTRY_REFUSED',
    ],
    ['two control files', tar(file('control'), file('./control')), 'ENTRY_REFUSED'],
    [
      'a control file of 1 GiB',
      tar(rawEntry({ name: 'control', sizeField: octal(2 ** 30) })),
      'ARCHIVE_TOO_LARGE',
    ],
  ])('with %s', async (_, plainControl, code) => {
    const deb = ar(version, ['control.tar.xz', xz(plainControl)], data);
    await expect(unpackBytes(deb)).rejects.toMatchObject({ code });
  });
});

describe('compressed members are refused', () => {
  const packed = data[1] as Buffer;
  const zstd = execFileSync('zstd', ['-c'], { input: plain });
  const gzip = execFileSync('gzip', ['-c'], { input: plain });
  const bzip2 = execFileSync('bzip2', ['-c'], { input: plain });
  const lzma = execFileSync('xz', ['-c', '--format=lzma'], { input: plain });
  const flipped = Buffer.from(packed);
  flipped[40] = (flipped[40] ?? 0) ^ 0xff;
  it.each<[string, string, Buffer]>([
    ['cut short', 'data.tar.xz', packed.subarray(0, -20)],
    ['empty', 'data.tar.xz', Buffer.alloc(0)],
    ['with a flipped byte', 'data.tar.xz', flipped],
    ['with garbage after the stream', 'data.tar.xz', Buffer.concat([packed, Buffer.from('garbage!')])],
    ['of another format', 'data.tar.xz', execFileSync('gzip', ['-c'], { input: plain })],
    ['as a .gz that is none', 'data.tar.gz', packed],
    ['as a .gz cut short', 'data.tar.gz', gzip.subarray(0, -9)],
    ['as a .gz with garbage after the stream', 'data.tar.gz', Buffer.concat([gzip, Buffer.from('garbage!')])],
    ['as a .gz with zeros after the stream', 'data.tar.gz', Buffer.concat([gzip, Buffer.alloc(512)])],
    ['as a .gz with an .xz after the stream', 'data.tar.gz', Buffer.concat([gzip, packed])],
    ['as a .gz with much after the stream', 'data.tar.gz', Buffer.concat([gzip, randomBytes(2 ** 20)])],
    ['as a .zst that is an .xz, which zstd would read', 'data.tar.zst', packed],
    ['as a .zst with an .xz after its frame', 'data.tar.zst', Buffer.concat([zstd, packed])],
    ['as two zstd frames', 'data.tar.zst', Buffer.concat([zstd, zstd])],
    ['as a .zst cut short', 'data.tar.zst', zstd.subarray(0, -3)],
    [
      'as a .zst after a skippable frame',
      'data.tar.zst',
      Buffer.concat([Buffer.from('502a4d1800000000', 'hex'), zstd]),
    ],
    ['as an .xz that is .lzma, which xz would read', 'data.tar.xz', lzma],
    ['as a .bz2 that is none', 'data.tar.bz2', packed],
    ['as a .bz2 cut short', 'data.tar.bz2', bzip2.subarray(0, -9)],
    ['as a .lzma that is an .xz', 'data.tar.lzma', packed],
    ['as a .lzma cut short', 'data.tar.lzma', lzma.subarray(0, -9)],
    ['as a .lzma with garbage after it', 'data.tar.lzma', Buffer.concat([lzma, Buffer.from('garbage!')])],
    ['as .Z', 'data.tar.Z', packed],
    [
      'with a dictionary of 1.5 GiB',
      'data.tar.xz',
      execFileSync('xz', ['-c', '--lzma2=dict=1536MiB,mode=fast,mf=hc3'], { input: 'x' }),
    ],
  ])('%s', async (_, name, bytes) => {
    await expectRefusal(scratch, ar(version, control, [name, bytes]), {
      code: 'COMPRESSION',
      message: /data\.tar|xz|gzip|zstd|bzip2/,
    });
  });

  it('as a control.tar.bz2, which dpkg refuses as well', async () => {
    const [name, bytes] = control as [string, Buffer];
    const plainControl = execFileSync('xz', ['-dc'], { input: bytes });
    const packedControl = execFileSync('bzip2', ['-c'], { input: plainControl });
    await expectRefusal(scratch, ar(version, [name.replace('xz', 'bz2'), packedControl], data), {
      code: 'COMPRESSION',
      message: /control\.tar\.bz2/,
    });
  });

  it.each([
    ['gz', ['gzip', '-c']],
    ['xz', ['xz', '-c']],
    ['zst', ['zstd', '-c']],
    ['bz2', ['bzip2', '-c']],
    ['lzma', ['xz', '-c', '--format=lzma']],
  ] as const)('but taken when they are whole: .%s', async (suffix, [program, ...args]) => {
    const bytes = execFileSync(program, args, { input: plain });
    await unpackBytes(ar(version, control, [`data.tar.${suffix}`, bytes]));
  });
});

describe('a .deb cut short is refused', () => {
  it('at every byte of its headers and at many of its members', async () => {
    const deb = debOf(tar(file('random', randomBytes(3000)), file('more')));
    const cuts = new Set<number>();
    for (let cut = 0; cut < deb.length - 1; cut += cut < 200 ? 1 : 97) cuts.add(cut);
    for (let cut = deb.length - 60; cut < deb.length - 1; cut++) cuts.add(cut);
    let refusals = 0;
    for (const cut of cuts) {
      await expectRefusal(scratch, deb.subarray(0, cut), { code: expect.any(String), message: /./ });
      refusals++;
    }
    expect(refusals).toBeGreaterThan(200);
  });

  it('where its plain tar ends, at every block and odd place', async () => {
    const whole = tar(folder('a/'), file('a/b', 'x'.repeat(700)), pax(['path', 'c']), file('x'));
    for (let cut = 0; cut <= whole.length - 512; cut += 128) {
      await expectRefusal(scratch, debOf(whole.subarray(0, cut)), {
        code: 'TAR_FORMAT',
        message: /ends|zero block/,
      });
    }
  });
});

const zeros = Buffer.alloc(16 * 2 ** 20);

describe('bombs', () => {
  it('of 16 GiB of zeros are ended early, with little memory and nothing written', async () => {
    const size = 16 * 2 ** 30;
    const header = rawEntry({ name: 'zeros', sizeField: Buffer.from('800000000000000400000000', 'hex') });
    const bomb = await repeatedXz(Buffer.concat([folder('./'), header]), zeros, size / zeros.length, end);
    expect(bomb.length).toBeLessThan(4 * 2 ** 20);
    const deb = ar(version, control, ['data.tar.xz', bomb]);
    await expectRefusal(scratch, deb, {
      code: 'ARCHIVE_TOO_LARGE',
      message: /data\.tar\.xz: unpacks to more than/,
    });
    const path = join(scratch, 'bomb.deb');
    writeFileSync(path, deb);
    const result = await runProgram('test/archive/programs/unpack.ts', path, join(scratch, 'bomb'));
    expect(result).toMatchObject({ code: 'ARCHIVE_TOO_LARGE' });
    expect(result.peakMiB).toBeLessThan(200);
  });

  it('of zeros after the end, or in control.tar, are ended too', async () => {
    const tail = await repeatedXz(tar(), zeros, 1024, Buffer.alloc(512));
    await expectRefusal(scratch, ar(version, control, ['data.tar.xz', tail]), {
      code: 'ARCHIVE_TOO_LARGE',
      message: /more than|zeros after/,
    });
    await expectRefusal(scratch, ar(version, ['control.tar.xz', tail], data), {
      code: 'ARCHIVE_TOO_LARGE',
      message: /more than|zeros after/,
    });
  });

  it('of a million entries keep within their limit', async () => {
    const limits = { headers: 1000, totalBytes: 2 ** 30, nameBytes: 4096, allNameBytes: 5000, ratio: 250 };
    const many = tar(...Array.from({ length: 1001 }, (_, index) => file(`${index}`)));
    await expectRefusal(
      scratch,
      debOf(many),
      { code: 'ARCHIVE_TOO_LARGE', message: /more than 1000 headers/ },
      { limits },
    );
    const names = tar(...Array.from({ length: 60 }, (_, index) => file(`${'n'.repeat(90)}${index}`)));
    await expectRefusal(
      scratch,
      debOf(names),
      { code: 'ARCHIVE_TOO_LARGE', message: /names of its entries/ },
      { limits },
    );
    const large = tar(file('a', 'x'.repeat(3000)), file('b', 'x'.repeat(3000)));
    await expectRefusal(
      scratch,
      debOf(large),
      { code: 'ARCHIVE_TOO_LARGE', message: /more than 6000 bytes/ },
      { limits: { ...limits, totalBytes: 6000 } },
    );
  });
});

async function unpackBytes(deb: Buffer): Promise<void> {
  const path = join(scratch, `${randomBytes(6).toString('hex')}.deb`);
  writeFileSync(path, deb);
  await unpack(path, `${path}.d`);
}
