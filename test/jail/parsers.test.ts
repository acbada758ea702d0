import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { parseProcCgroup } from '../../src/jail/confine/cgroup.ts';
import { parseMountinfo, tmpfsSize } from '../../src/jail/confine/mountinfo.ts';
import { firewallRules, parseResolvers } from '../../src/jail/network/firewall.ts';
import { macAddress } from '../../src/jail/network/network.ts';
import { accountOf } from '../../src/jail/storage/account.ts';
import { resolveInRoot } from '../../src/jail/storage/root-path.ts';
import { parseRanges } from '../../src/jail/storage/uid-range.ts';
import { run } from '../../src/system/process.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'jail-root-'));
});

afterEach(() => rmSync(root, { recursive: true }));

describe('mountinfo', () => {
  it('reads a line of the kernel, its escapes undone', () => {
    const line =
      '36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue,size=4k';
    expect(parseMountinfo(`${line}\n`)).toEqual([
      {
        path: '/mnt 2',
        options: ['rw', 'noatime'],
        type: 'ext3',
        source: '/dev/root',
        superOptions: ['rw', 'errors=continue', 'size=4k'],
      },
    ]);
  });

  it('reads the size of a tmpfs', () => {
    const sized = (size: string) =>
      parseMountinfo(`1 2 0:1 / /tmp rw - tmpfs tmpfs rw,${size}`).map(tmpfsSize);
    expect(sized('size=1024k')).toEqual([2 ** 20]);
    expect(sized('size=4096')).toEqual([4096]);
    expect(sized('nr_inodes=4')).toEqual([undefined]);
  });

  it('reads any text without a fault', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseMountinfo(text))));
  });
});

it('reads which control groups a process is in, v1 and v2', () => {
  const paths = parseProcCgroup('9:name=systemd:/\n5:cpu,cpuacct:/a\n4:memory:/b:c\n0::/d\n');
  expect(Object.fromEntries(paths)).toEqual({
    'name=systemd': '/',
    cpu: '/a',
    cpuacct: '/a',
    memory: '/b:c',
    '': '/d',
  });
});

describe('a path in the jail', () => {
  it('follows links as the jail would, and never out of it', () => {
    mkdirSync(join(root, 'a/b'), { recursive: true });
    symlinkSync('/a', join(root, 'absolute'));
    symlinkSync('../../../../etc', join(root, 'a/upwards'));
    symlinkSync('loop', join(root, 'loop'));
    expect(resolveInRoot(root, '/absolute/b')).toEqual({ path: join(root, 'a/b'), exists: true });
    expect(resolveInRoot(root, '/a/upwards/passwd')).toEqual({
      path: join(root, 'etc/passwd'),
      exists: false,
    });
    expect(resolveInRoot(root, '/../../x').path).toBe(join(root, 'x'));
    expect(() => resolveInRoot(root, '/loop')).toThrow('too many symbolic links');
    writeFileSync(join(root, 'file'), '');
    expect(() => resolveInRoot(root, '/file/x')).toThrow('no folder');
  });

  it('stays in the root, whatever the path and the links are', () => {
    const parts = fc.array(fc.constantFrom('..', '.', '', 'a', 'link', 'up', 'c'), { maxLength: 12 });
    mkdirSync(join(root, 'a'));
    symlinkSync('/../..', join(root, 'link'));
    symlinkSync('../../..', join(root, 'a/up'));
    fc.assert(
      fc.property(parts, (names) => {
        const { path } = resolveInRoot(root, names.join('/'));
        return path === root || path.startsWith(`${root}/`);
      }),
    );
  });
});

describe('the jail’s accounts', () => {
  const write = (passwd: string, group = '') => {
    mkdirSync(join(root, 'etc'), { recursive: true });
    writeFileSync(join(root, 'etc/passwd'), passwd);
    writeFileSync(join(root, 'etc/group'), group);
  };

  it('come from its own files', () => {
    write('root:x:0:0::/root:/bin/sh\nweb:x:33:34:www:/var/www:/x\n', 'a:x:1:web,x\nb:x:2:xweb\nc:x:3:web\n');
    expect(accountOf(root, 'web')).toEqual({
      name: 'web',
      uid: 33,
      gid: 34,
      additionalGids: [1, 3],
      home: '/var/www',
    });
  });

  it.each(['-1', '65535', '4294967295', '1e3', '', '0x10', ' 5', '99999999999999999999'])(
    'never have the id "%s"',
    (id) => {
      write(`web:x:${id}:0::/:/x\n`);
      expect(() => accountOf(root, 'web')).toThrow(ProdngError);
      write('web:x:5:5::/:/x\n', `g:x:${id}:web\n`);
      expect(() => accountOf(root, 'web')).toThrow(ProdngError);
    },
  );

  it.each(['0', '00', '000000000'])('item 13: never have uid %s by another name than root', (uid) => {
    write(`root:x:0:0::/root:/x\nweb:x:${uid}:33::/:/x\nweb:x:33:33::/:/x\n`);
    expect(() => accountOf(root, 'web')).toThrow('web has uid 0, which only root may have');
    expect(accountOf(root, 'root').uid).toBe(0);
  });

  it('have only root where there is no /etc/passwd', () => {
    expect(accountOf(root, 'root').uid).toBe(0);
    expect(() => accountOf(root, 'web')).toThrow('has no user web');
  });
});

describe('uid ranges', () => {
  it('are read back as they were written', () => {
    expect(parseRanges('{"a": 1879048192, "b": 1879113728}', 'f')).toEqual(
      new Map([
        ['a', 0x7000_0000],
        ['b', 0x7001_0000],
      ]),
    );
  });

  it.each([
    ['{"a": 0}', 'a: 0 is not the start of a range'],
    ['{"a": 1879048193}', 'not the start of a range'],
    ['{"a": 2147287040}', 'not the start of a range'],
    ['{"a": "1879048192"}', 'not the start of a range'],
    ['{"a": 1879048192, "b": 1879048192}', "another jail's as well"],
    ['[]', 'not an object'],
    ['{', 'JSON'],
  ])('are refused when the record is %s', (text, why) => {
    expect(() => parseRanges(text, '/state/uid-ranges.json')).toThrow(why);
  });
});

it('finds resolvers, and nothing that is none', () => {
  const text =
    '# comment\nnameserver 192.0.2.1\n nameserver 2001:db8::1 \nnameserver ;rm\nsearch example.org\nnameserver 999.1.1.1\n';
  expect(parseResolvers(text)).toEqual(['192.0.2.1', '2001:db8::1']);
});

it('gives a jail the same hardware address on one host, and another on the next', () => {
  const address = macAddress('hello', 'machine');
  expect(address).toMatch(/^02(:[0-9a-f]{2}){5}$/);
  expect(macAddress('hello', 'machine')).toBe(address);
  expect(macAddress('hello', 'other')).not.toBe(address);
  expect(macAddress('other', 'machine')).not.toBe(address);
});

it('writes a packet filter that nft takes, for every kind of rule', async () => {
  const rules = firewallRules(
    {
      listen: [
        { port: 80, protocol: 'tcp' },
        { port: 53, protocol: 'udp' },
      ],
    },
    {
      any: false,
      hosts: [
        { address: '192.0.2.0/24', port: 443, protocol: 'tcp' },
        { address: '2001:db8::/32', port: 443, protocol: 'udp' },
      ],
      resolvers: ['192.0.2.53', '2001:db8::53'],
    },
  );
  // nft looks names of protocols up in a file that small hosts lack
  const script =
    '[ ! -e /etc/protocols ] || mount --bind /dev/null /etc/protocols; exec nft --check --file -';
  const { stdout } = await run(['unshare', '--net', '--mount', 'sh', '-euc', script], { input: rules });
  expect(stdout).toBe('');
  expect(rules).toContain('policy drop');
  expect(rules).toContain('ip6 daddr 2001:db8::53 tcp dport 53 accept');
});
