import { readdir, readFile } from 'node:fs/promises';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';
import { licencesOf } from '../../../src/build/evidence/licences.ts';
import { debPurl } from '../../../src/build/evidence/purl.ts';
import { formatSbom, type SbomInput, type SbomPackage } from '../../../src/build/evidence/sbom.ts';
import { epoch } from './inputs.ts';

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

function item(name: string, change: Partial<SbomPackage> = {}): SbomPackage {
  return {
    name,
    version: '1:1.0~rc1+b2',
    architecture: 'amd64',
    sha256: 'b'.repeat(64),
    origin: 'Debian',
    codename: 'bookworm',
    licences: [],
    embedded: true,
    ...change,
  };
}

function sbom(packages: SbomPackage[], change: Partial<SbomInput> = {}): string {
  return formatSbom({
    name: 'hello',
    version: '1.0',
    architecture: 'amd64',
    sha256: '0123456789abcdef'.repeat(4),
    source: 'hello-source',
    sourceDateEpoch: epoch,
    packages,
    ...change,
  });
}

describe('an SBOM', () => {
  it("is valid by CycloneDX's own schema", async () => {
    const licences = [{ id: 'MIT' }, { id: 'GPL-2.0-or-later' }, { name: 'GPL-2+ with exception' }];
    const text = sbom([item('a', { licences }), item('b', { embedded: false, source: 'b-src (2.0)' })]);
    expect(await validator.validate(text)).toBeNull();
    expect(await validator.validate(text.replace('"scope": "excluded"', '"scope": "never"'))).not.toBeNull();
  });

  it('names each package with its source package, digest and whether it is in the jail', () => {
    const { components } = JSON.parse(sbom([item('b', { source: 'src (2.0)', embedded: false })])) as {
      components: object[];
    };
    expect(components).toEqual([
      expect.objectContaining({
        name: 'b',
        version: '1:1.0~rc1+b2',
        scope: 'excluded',
        purl: 'pkg:deb/debian/b@1:1.0~rc1%2Bb2?arch=amd64&distro=bookworm',
        hashes: [{ alg: 'SHA-256', content: 'b'.repeat(64) }],
        pedigree: {
          ancestors: [
            {
              type: 'library',
              name: 'src',
              version: '2.0',
              purl: 'pkg:deb/debian/src@2.0?arch=source&distro=bookworm',
            },
          ],
        },
      }),
    ]);
  });

  it('names what is no Debian package too, by the schema', async () => {
    const npm = { uri: 'pkg:npm/%40a/b@1.2.3', name: '@a/b', version: '1.2.3', licence: 'MIT' };
    const file = { uri: 'https://example.org/data.bin?a=1', name: 'x y/data.bin', sha256: 'd'.repeat(64) };
    const inputs = [file, { ...npm, sha256: 'c'.repeat(64), sha512: 'c'.repeat(128) }];
    const text = sbom([item('a')], { inputs });
    expect(await validator.validate(text)).toBeNull();
    expect((JSON.parse(text) as { components: object[] }).components.slice(1)).toEqual([
      {
        type: 'file',
        'bom-ref': expect.stringContaining('pkg:generic/'),
        name: 'x y/data.bin',
        hashes: [{ alg: 'SHA-256', content: 'd'.repeat(64) }],
        purl: `pkg:generic/x%20y/data.bin?checksum=sha256:${'d'.repeat(64)}&download_url=https:%2F%2Fexample.org%2Fdata.bin%3Fa%3D1`,
      },
      {
        type: 'library',
        'bom-ref': `pkg:npm/%40a/b@1.2.3#${'c'.repeat(64)}`,
        name: '@a/b',
        version: '1.2.3',
        hashes: [
          { alg: 'SHA-256', content: 'c'.repeat(64) },
          { alg: 'SHA-512', content: 'c'.repeat(128) },
        ],
        licenses: [{ license: { id: 'MIT' } }],
        purl: 'pkg:npm/%40a/b@1.2.3',
      },
    ]);
    expect(sbom([item('a')], { inputs: inputs.toReversed() })).toBe(text);
  });

  it('is the same bytes whatever the order of its packages', () => {
    const packages = ['zlib1g', 'libc6', 'gcc-12-base'].map((name) => item(name));
    expect(sbom([...packages].reverse())).toBe(sbom(packages));
  });
});

describe('debPurl', () => {
  it("encodes as the package URL specification's examples do", () => {
    expect(debPurl('Debian', 'attr', '1:2.4.47-2', { arch: 'source' })).toBe(
      'pkg:deb/debian/attr@1:2.4.47-2?arch=source',
    );
    expect(debPurl('Debian', 'libstdc++6', '12', { distro: 'x', arch: 'amd64' })).toBe(
      'pkg:deb/debian/libstdc%2B%2B6@12?arch=amd64&distro=x',
    );
  });
});

describe('licencesOf', () => {
  const header = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n';
  const stanza = (name: string) => `Files: *\nCopyright: me\nLicense: ${name}\n text\n\n`;

  it.each([
    ['Expat', [{ id: 'MIT' }]],
    ['GPL-2', [{ id: 'GPL-2.0-only' }]],
    ['gpl-2.0+', [{ id: 'GPL-2.0-or-later' }]],
    ['LGPL-2.1+', [{ id: 'LGPL-2.1-or-later' }]],
    ['GPL-2+ with OpenSSL exception', [{ name: 'GPL-2+ with OpenSSL exception' }]],
    ['GPL-2+ or Artistic', [{ name: 'GPL-2+ or Artistic' }]],
    ['MIT', [{ name: 'MIT' }]],
    ['GPL-9', [{ name: 'GPL-9' }]],
  ])('%s', (name, expected) => {
    expect(licencesOf(header + stanza(name))).toEqual(expected);
  });

  it('names each once, and none of stanzas that only hold a text', () => {
    const text = `${header}${stanza('GPL-2')}${stanza('GPL-2.0')}${stanza('ISC')}License: Expat\n text\n`;
    expect(licencesOf(text)).toEqual([{ id: 'GPL-2.0-only' }, { id: 'ISC' }]);
  });

  it('guesses nothing from prose', () => {
    expect(licencesOf('This is under the GPL-2\nLicense: GPL-2\n')).toEqual([]);
    expect(licencesOf('')).toEqual([]);
  });

  it('reads every copyright file of this host, and makes a valid SBOM of each', async () => {
    const names = await readdir('/usr/share/doc');
    const packages: SbomPackage[] = [];
    for (const name of names) {
      const text = await readFile(`/usr/share/doc/${name}/copyright`, 'utf8').catch(() => '');
      packages.push(item(name, { licences: licencesOf(text) }));
    }
    expect(packages.filter(({ licences }) => licences.length > 0).length).toBeGreaterThan(20);
    expect(await validator.validate(sbom(packages))).toBeNull();
  });
});
