import { expect, it } from 'vitest';
import { parseBytes, parseListenAddress, parseTimeSpan } from '../../src/systemd-unit/unit-values.ts';

it.each([
  ['90', 90_000],
  ['5min 20s', 320_000],
  ['1h30m', 5_400_000],
  ['500ms', 500],
  ['1.5s', 1500],
  ['infinity', Number.POSITIVE_INFINITY],
  ['0', 0],
  ['', undefined],
  ['5 apples', undefined],
  ['-1', undefined],
  ['9'.repeat(400), undefined],
])('the time span %j is %j ms', (text, ms) => {
  expect(parseTimeSpan(text)).toBe(ms);
});

it.each([
  ['512M', 2 ** 29],
  ['1.5G', 1.5 * 2 ** 30],
  ['infinity', Number.POSITIVE_INFINITY],
  ['50%', undefined],
  ['1E', undefined],
  ['', undefined],
])('the size %j is %j bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

it.each([
  ['80', { kind: 'port', port: 80 }],
  ['127.0.0.1:80', { kind: 'port', port: 80, address: '127.0.0.1' }],
  ['[::]:443', { kind: 'port', port: 443, address: '::' }],
  ['/run/x.sock', { kind: 'path', path: '/run/x.sock' }],
  ['@x', { kind: 'path', path: '@x' }],
  ['0', undefined],
  ['65536', undefined],
  ['vsock:2:80', undefined],
  ['netlink route', undefined],
])('the socket %j is %j', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});
