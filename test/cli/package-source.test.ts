import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parseSource } from '../../src/cli/terminal/package-source.ts';

const nothing = () => false;
const digest = 'a'.repeat(64);

it.each([
  ['web', { package: 'web' }],
  ['web=1:1.4-1', { package: 'web', version: '1:1.4-1' }],
  ['g++=4', { package: 'g++', version: '4' }],
  ['./web', { path: resolve('web') }],
  ['web.deb', { path: resolve('web.deb') }],
  ['web_1.4-1_amd64.deb', { path: resolve('web_1.4-1_amd64.deb') }],
  ['/srv/web=1', { path: '/srv/web=1' }],
  ['https://files.example.org/a', { url: 'https://files.example.org/a' }],
])('reads %s', (text, source) => {
  expect(parseSource(text, undefined, nothing)).toEqual(source);
});

it('takes a digest for an address, and for nothing else', () => {
  const url = 'http://files.example.org/a';
  expect(parseSource(url, digest, nothing)).toEqual({ url, sha256: digest });
  expect(() => parseSource('web', digest, nothing)).toThrow('--sha256 requires a URL');
});

it('asks when it could mean a file and a package', () => {
  expect(() => parseSource('web', undefined, () => true)).toThrow('web is ambiguous: a file in this folder');
});

it.each(['file:///etc/passwd', 'ftp://files.example.org/a'])('refuses %s', (text) => {
  expect(() => parseSource(text, undefined, nothing)).toThrow('only https and http URLs are supported');
});
