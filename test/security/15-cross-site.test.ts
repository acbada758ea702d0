import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossSiteFault, hostNameOf } from '../../src/agent/api/cross-site.ts';

const host = 'agent.example.org:1337';

describe('item 15: a request that another site had a browser send', () => {
  it.each([
    ['a form without a body', 'POST', { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
    ['a form of a sibling', 'POST', { host, 'sec-fetch-site': 'same-site' }],
    ['a form of an older browser', 'POST', { host, origin: 'https://evil.example.org' }],
    ['a form of a page without an origin', 'POST', { host, origin: 'null' }],
    ['one from another port', 'DELETE', { host, origin: 'https://agent.example.org:8443' }],
    ['one from plain HTTP', 'POST', { host, origin: 'http://agent.example.org:1337' }],
    ['an image', 'GET', { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    [
      'a frame',
      'GET',
      { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    [
      'one with the Origin of ours and another Sec-Fetch-Site',
      'POST',
      { host, origin: `https://${host}`, 'sec-fetch-site': 'cross-site' },
    ],
  ])('is refused: %s', (_what, method, headers) => {
    expect(crossSiteFault({ method, headers })).toBeDefined();
  });

  it.each([
    ['a program', 'POST', { host }],
    ['our own page', 'POST', { host, origin: `https://${host}`, 'sec-fetch-site': 'same-origin' }],
    ['an address typed in', 'GET', { host, 'sec-fetch-site': 'none' }],
    [
      'a link',
      'GET',
      { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
  ])('is not: %s', (_what, method, headers) => {
    expect(crossSiteFault({ method, headers })).toBeUndefined();
  });

  it('changes nothing, whatever else it claims', () => {
    const headers = fc.record({
      origin: fc.webUrl(),
      'sec-fetch-mode': fc.string(),
      'sec-fetch-dest': fc.string(),
    });
    fc.assert(
      fc.property(headers, (others) => {
        expect(
          crossSiteFault({ method: 'POST', headers: { host, ...others, 'sec-fetch-site': 'cross-site' } }),
        ).toBeDefined();
        expect(crossSiteFault({ method: 'POST', headers: { host, ...others } })).toBeDefined();
      }),
      { numRuns: 30 },
    );
  });

  it('is recognised by its Host', () => {
    expect(hostNameOf('Agent.Example.ORG:1337')).toBe('agent.example.org');
    expect(hostNameOf('[2001:db8::1]:1337')).toBe('2001:db8::1');
    for (const none of [undefined, '', 'a b', 'user@host', 'host/path', 'a:b:c', '[::1', ':80'])
      expect(hostNameOf(none), String(none)).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => void hostNameOf(text)));
  });
});
