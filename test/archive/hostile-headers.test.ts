import { describeAttacks } from './attack.ts';
import {
  base256,
  end,
  file,
  folder,
  hardLink,
  longName,
  octal,
  pax,
  rawEntry,
  seal,
  tar,
} from './raw-archive.ts';

const refused = 'ENTRY_REFUSED';
const malformed = 'TAR_FORMAT';
const large = 'ARCHIVE_TOO_LARGE';

/** Content that is an entry itself: whoever believes another size sees it. */
const smuggled = file('../victim');

describeAttacks('tricks with PAX headers', [
  ['a PAX path with ".."', tar(pax(['path', '../victim']), file('x')), refused, '../victim: the path holds'],
  [
    'a PAX path that is absolute',
    tar(pax(['path', '/tmp/evil']), file('x')),
    refused,
    '/tmp/evil: the path is absolute',
  ],
  ['a PAX path with a NUL', tar(pax(['path', 'a\0b']), file('x')), malformed, 'path is empty or holds a NUL'],
  ['an empty PAX path', tar(pax(['path', '']), file('x')), malformed, 'path is empty'],
  [
    'a PAX link to outside',
    tar(pax(['linkpath', '../victim']), hardLink('a', 'b')),
    refused,
    'a: a hard link to outside',
  ],
  [
    'a PAX size that uncovers an entry',
    tar(pax(['size', '0']), rawEntry({ name: 'x', content: smuggled })),
    refused,
    '../victim',
  ],
  [
    'a PAX size that swallows the rest',
    tar(pax(['size', '99999']), file('x')),
    malformed,
    'it ends within x',
  ],
  [
    'a PAX size of 2^63',
    tar(pax(['size', '9223372036854775808']), file('x')),
    malformed,
    'size=9223372036854775808 is not',
  ],
  ['a negative PAX size', tar(pax(['size', '-1']), file('x')), malformed, 'size=-1 is not'],
  [
    'a PAX size of a folder',
    tar(pax(['size', '512']), folder('a/'), file('b')),
    refused,
    'a/: a directory with 512 bytes',
  ],
  ['a PAX uid of -1', tar(pax(['uid', '4294967295']), file('x')), refused, 'x: uid or gid is out of range'],
  [
    'a PAX header of 1 GiB',
    tar(rawEntry({ name: 'x', typeflag: 'x', sizeField: octal(2 ** 30) })),
    large,
    'a name of 1073741824 bytes',
  ],
  [
    'a PAX record that runs over',
    tar(rawEntry({ name: 'x', typeflag: 'x', content: '99 path=a\n' }), file('x')),
    malformed,
    'a wrong length',
  ],
  [
    'a PAX record of length 0',
    tar(rawEntry({ name: 'x', typeflag: 'x', content: '0 path=a\n' }), file('x')),
    malformed,
    'a wrong length',
  ],
  [
    'a PAX record that ends within',
    tar(rawEntry({ name: 'x', typeflag: 'x', content: '9 path=ab\n' }), file('x')),
    malformed,
    'a wrong length',
  ],
  [
    'a doubled PAX record',
    tar(pax(['path', 'a'], ['path', '../b']), file('x')),
    malformed,
    'duplicate record path',
  ],
  [
    'a GNU and a PAX name',
    tar(longName('L', 'a'), pax(['path', 'b']), file('x')),
    refused,
    'a: it has a GNU and a PAX name',
  ],
  [
    'a PAX character set',
    tar(pax(['hdrcharset', 'BINARY']), file('x')),
    malformed,
    'hdrcharset is not supported',
  ],
  [
    'a PAX extended attribute',
    tar(pax(['SCHILY.xattr.security.capability', 'x']), file('x')),
    malformed,
    'SCHILY.xattr',
  ],
  [
    'a global PAX path',
    tar(rawEntry({ name: 'x', typeflag: 'g', content: '16 path=../evil\n' }), file('x')),
    malformed,
    'a global PAX header',
  ],
]);

function patched(entry: Buffer, offset: number, bytes: Buffer): Buffer {
  bytes.copy(entry, offset);
  return seal(entry);
}

describeAttacks('hostile numbers and headers', [
  [
    'a size of 2^63',
    tar(rawEntry({ name: 'x', sizeField: base256(2n ** 63n) })),
    refused,
    'x: size is out of range',
  ],
  [
    'a size of 2^63 - 1',
    tar(rawEntry({ name: 'x', sizeField: base256(2n ** 63n - 1n) })),
    refused,
    'x: size is out of range',
  ],
  [
    'a size of 2^53',
    tar(rawEntry({ name: 'x', sizeField: base256(2n ** 53n) })),
    refused,
    'x: size is out of range',
  ],
  ['a size of -1', tar(rawEntry({ name: 'x', sizeField: base256(-1n) })), refused, 'x: size is out of range'],
  [
    'a size that wraps to a small one',
    tar(rawEntry({ name: 'x', sizeField: Buffer.from('800100000000000000000004', 'hex') })),
    refused,
    'x: size is out of range',
  ],
  ['a size of 1 TiB', tar(rawEntry({ name: 'x', sizeField: base256(2n ** 40n) })), large, 'x is past it'],
  [
    'a size with a sign',
    tar(rawEntry({ name: 'x', sizeField: Buffer.from('-0000000001\0') })),
    malformed,
    'x: size: not a number',
  ],
  [
    'a size in hexadecimal',
    tar(rawEntry({ name: 'x', sizeField: Buffer.from('0x10       \0') })),
    malformed,
    'x: size: not a number',
  ],
  ['a wrong checksum', tar(Buffer.from(file('x')).fill('7', 148, 154)), malformed, 'wrong checksum'],
  [
    'an unknown magic',
    tar(rawEntry({ name: 'x', magic: 'ustar  x' })),
    malformed,
    'x: not a ustar or GNU header',
  ],
  [
    'a uid of -1',
    tar(patched(file('x'), 108, Buffer.from('ffffffffffffffff', 'hex'))),
    refused,
    'x: uid is out of range',
  ],
  ['a time of 2^63', tar(patched(file('x'), 136, base256(2n ** 63n))), refused, 'x: mtime is out of range'],
  [
    'a name that is not UTF-8',
    tar(patched(file('x'), 0, Buffer.from('ff41', 'hex'))),
    refused,
    'the name is not UTF-8',
  ],
]);

describeAttacks('archives without a proper end', [
  ['no end', Buffer.concat([folder('./'), file('x')]), malformed, 'it ends too early'],
  ['half an end', Buffer.concat([folder('./'), Buffer.alloc(512)]), malformed, 'a single zero block'],
  [
    'an entry after a zero block',
    Buffer.concat([folder('./'), Buffer.alloc(512), file('x'), end]),
    malformed,
    'a single zero block',
  ],
  ['an entry after the end', Buffer.concat([tar(), file('x'), end]), malformed, 'data after the end'],
  ['a byte after the end', Buffer.concat([tar(), Buffer.from('x')]), malformed, 'data after the end'],
  ['nothing at all', Buffer.alloc(0), malformed, 'it ends too early'],
  ['an end within a header', folder('./').subarray(0, 100), malformed, 'it ends too early'],
  [
    'an end within a content',
    Buffer.concat([folder('./'), file('x', 'x'.repeat(2000)).subarray(0, 1000)]),
    malformed,
    'it ends within x',
  ],
  [
    'an end within a padding',
    Buffer.concat([folder('./'), file('x').subarray(0, 600)]),
    malformed,
    'it ends within x',
  ],
  [
    'an end within a long name',
    Buffer.concat([folder('./'), longName('L', 'x'.repeat(600)).subarray(0, 900)]),
    malformed,
    'it ends too early',
  ],
]);
