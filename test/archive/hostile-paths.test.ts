import { describeAttacks } from './attack.ts';
import { file, folder, longName, octal, pax, rawEntry, symlink, tar } from './raw-archive.ts';

const refused = 'ENTRY_REFUSED';
const malformed = 'TAR_FORMAT';
const large = 'ARCHIVE_TOO_LARGE';

describeAttacks('hostile paths', [
  ['a path to the folder above', tar(file('../victim')), refused, '../victim: the path holds ".."'],
  [
    '".." in the middle of a path',
    tar(folder('a/'), file('a/../../victim')),
    refused,
    'a/../../victim: the path',
  ],
  ['".." at the end of a path', tar(folder('a/..')), refused, 'a/..: the path holds ".."'],
  ['an absolute path', tar(file('/tmp/evil')), refused, '/tmp/evil: the path is absolute'],
  ['an absolute path after slashes', tar(file('//tmp/evil')), refused, '//tmp/evil: the path is absolute'],
  [
    '".." in a GNU long name',
    tar(longName('L', '../victim'), file('x')),
    refused,
    '../victim: the path holds',
  ],
  [
    'an absolute GNU long name',
    tar(longName('L', '/tmp/evil'), file('x')),
    refused,
    '/tmp/evil: the path is',
  ],
  [
    '".." in a ustar prefix',
    tar(rawEntry({ name: 'victim', prefix: '..', magic: 'ustar\x0000', content: 'x' })),
    refused,
    '../victim: the path holds',
  ],
  ['an empty name', tar(file('')), refused, 'the name is empty'],
  ['a file with the name of a folder', tar(file('a/')), refused, 'a/: a file with the name of a folder'],
  ['a file in the place of the root', tar(file('.')), refused, 'the root is not a folder'],
  ['a link in the place of the root', tar(symlink('./', '/tmp')), refused, 'the root is not a folder'],
  ['control characters in a name', tar(file('../\x1b[2Jx')), refused, '../\\x1b[2Jx: the path holds'],
  [
    'a name longer than the kernel takes',
    tar(longName('L', `b/${'a'.repeat(300)}`), file('x')),
    refused,
    '...: the kernel refuses it: name too long',
  ],
  ['a name of 5,000 bytes', tar(longName('L', 'a/'.repeat(2500)), file('x')), large, 'a name of 5001 bytes'],
  [
    'a long name that claims 8 GiB',
    tar(rawEntry({ name: 'x', typeflag: 'L', sizeField: octal(8 * 2 ** 30 - 1) })),
    large,
    'a name of',
  ],
  [
    'two long names for one entry',
    tar(longName('L', 'a'), longName('L', 'b'), file('x')),
    malformed,
    'two headers',
  ],
  ['a long name for no entry', tar(longName('L', 'a')), malformed, 'a long name without an entry'],
]);

describeAttacks('entries of unwanted kinds', [
  ['a character device', tar(rawEntry({ name: 'null', typeflag: '3' })), refused, 'null: a character device'],
  ['a block device', tar(rawEntry({ name: 'sda', typeflag: '4' })), refused, 'sda: a block device'],
  ['a fifo', tar(rawEntry({ name: 'pipe', typeflag: '6' })), refused, 'pipe: a fifo'],
  [
    'a GNU sparse file',
    tar(rawEntry({ name: 'holes', typeflag: 'S', content: 'x' })),
    refused,
    'holes: a sparse file',
  ],
  [
    'a PAX sparse file, 0.0',
    tar(pax(['GNU.sparse.numblocks', '1']), file('holes')),
    malformed,
    'GNU.sparse.numblocks is not supported',
  ],
  [
    'a PAX sparse file, 1.0',
    tar(pax(['GNU.sparse.major', '1'], ['GNU.sparse.name', '../victim']), file('holes')),
    malformed,
    'GNU.sparse.major is not supported',
  ],
  [
    'a part of a multi-volume file',
    tar(rawEntry({ name: 'part', typeflag: 'M' })),
    refused,
    'part: an entry of the unknown type "M"',
  ],
  [
    'a set-uid file',
    tar(rawEntry({ name: 'su', mode: '0004755' })),
    refused,
    'su: a set-uid or set-gid file',
  ],
  [
    'a set-gid file',
    tar(rawEntry({ name: 'sg', mode: '0002755' })),
    refused,
    'sg: a set-uid or set-gid file',
  ],
  [
    'a folder with content',
    tar(rawEntry({ name: 'a/', typeflag: '5', content: 'x' })),
    refused,
    'a/: a directory with 1 bytes',
  ],
]);

describeAttacks('doubled entries', [
  ['a file twice', tar(file('a', 'good'), file('a')), refused, 'a: duplicate path'],
  ['a file twice in two spellings', tar(file('a/b', 'good'), file('./a//b')), refused, 'a/b: duplicate path'],
  ['a folder twice', tar(folder('a/'), folder('a/')), refused, 'a: duplicate path'],
  ['a link twice', tar(symlink('a', 'x'), symlink('a', 'y')), refused, 'a: duplicate path'],
  ['the root twice', tar(folder('./')), refused, '.: duplicate path'],
  ['a folder in place of a file', tar(file('a'), folder('a/')), refused, 'a: duplicate path'],
]);
