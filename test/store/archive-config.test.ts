import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { formatDiagnostic, ProdngError } from '../../src/error/prodng-error.ts';
import { loadArchives } from '../../src/store/archive-config.ts';
import { parseListFile, parseSourcesFile } from '../../src/store/sources-file.ts';

const architecture = 'amd64';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'config-'));
  await put('etc/os-release', 'ID=debian\nVERSION_CODENAME=bookworm\n');
  return async () => await rm(root, { recursive: true, force: true });
});

async function put(path: string, text: string): Promise<string> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

async function load(options: { sourcesFile?: string; env?: Record<string, string> } = {}) {
  const archives = await loadArchives({ root, architecture, ...options });
  return archives.map(({ uri, suite, components }) => `${uri} ${suite} ${components.join(' ')}`);
}

const stanza = (fields: string) => `Types: deb\nURIs: https://mirror.example.org/debian/\n${fields}\n`;

async function faultsOf(text: string): Promise<string[]> {
  const file = await put('own.sources', text);
  try {
    await loadArchives({ root, architecture, sourcesFile: file });
    return [];
  } catch (error) {
    if (!(error instanceof ProdngError) || error.code !== 'CONFIG') throw error;
    return error.diagnostics.map((one) => formatDiagnostic(one).replace(`${file}:`, ''));
  }
}

describe('the archives to use', () => {
  it('are those of --sources, then $PRODNG_SOURCES, then /etc/prodng, then the host', async () => {
    const suite = (name: string) => stanza(`Suites: ${name}\nComponents: main`);
    const own = await put('own.sources', suite('own'));
    const fromEnvironment = await put('env.sources', suite('environment'));
    await put('etc/apt/sources.list.d/debian.sources', suite('bookworm'));
    expect(await load()).toEqual(['https://mirror.example.org/debian bookworm main']);
    await put('etc/prodng/archives.sources', suite('system'));
    expect(await load()).toEqual(['https://mirror.example.org/debian system main']);
    const env = { PRODNG_SOURCES: fromEnvironment };
    expect(await load({ env })).toEqual(['https://mirror.example.org/debian environment main']);
    expect(await load({ env, sourcesFile: own })).toEqual(['https://mirror.example.org/debian own main']);
  });

  it("are of the host's sources what belongs to its Debian release and its keyring", async () => {
    await put(
      'etc/apt/sources.list',
      `# deb http://off.example.org/debian bookworm main
deb [signed-by=${keyring}] http://mirror.example.org/debian bookworm main contrib # trailing
deb-src http://mirror.example.org/debian bookworm main
deb http://mirror.example.org/debian bookworm-updates main
deb http://mirror.example.org/debian trixie main
deb [arch=arm64] http://mirror.example.org/debian bookworm non-free
deb [trusted=yes] http://evil.example.org/debian bookworm main
deb cdrom:[Debian]/ bookworm main
`,
    );
    await put(
      'etc/apt/sources.list.d/vendor.sources',
      `${stanza('Suites: bookworm\nComponents: main\nSigned-By: /usr/share/keyrings/vendor.gpg')}
${stanza('Suites: bookworm-security\nComponents: main\nEnabled: no')}`,
    );
    await put('etc/apt/sources.list.d/ignored.save', stanza('Suites: bookworm\nComponents: main'));
    expect(await load()).toEqual([
      'http://mirror.example.org/debian bookworm main contrib',
      'http://mirror.example.org/debian bookworm-updates main',
    ]);
  });

  it('say what to do when there is none', async () => {
    await expect(load()).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('bookworm'),
      hint: expect.stringContaining('/etc/prodng/archives.sources'),
    });
  });

  it('name file and line of every fault', async () => {
    expect(await faultsOf(stanza('Suites: a/../b\nComponents: main'))).toEqual([
      expect.stringMatching(/^1: Suites: /),
    ]);
    expect(await faultsOf(stanza('Suites: stable/\nComponents: main'))).toEqual([
      expect.stringMatching(/^1: Suites: "stable\/" is a flat archive, which has no components/),
    ]);
    expect(await faultsOf(stanza('Suites: stable'))).toEqual([
      expect.stringMatching(/^1: Suites: "stable" without components; allowed: .*ends in "\/"/),
    ]);
    for (const suite of ['../', 'a/../', './../', 'a//'])
      expect(await faultsOf(stanza(`Suites: ${suite}`))).toEqual([expect.stringMatching(/^1: Suites: /)]);
    expect(await faultsOf(stanza('Suites: stable\nComponents: main\nTrusted: yes'))).toEqual([
      expect.stringMatching(/^1: Trusted: .*never taken without its signature/),
    ]);
    expect(await faultsOf(stanza('Suites: stable\nComponents: main\nSigned-By: ABCDEF0123456789'))).toEqual([
      expect.stringMatching(/^5: Signed-By: "ABCDEF0123456789".*absolute path of a keyring/),
    ]);
    expect(await faultsOf('Types: deb\nSuites: stable\n')).toEqual([
      expect.stringMatching(/^1: URIs: .*missing/),
    ]);
    expect(await faultsOf('Types: deb\nURIs: ftp://example.org/\nSuites: x\nComponents: main\n')).toEqual([
      expect.stringMatching(/^1: URIs: "ftp:\/\/example\.org"; allowed: http, https, file and copy/),
    ]);
    expect(await faultsOf('not deb822')).not.toEqual([]);
  });

  it('take a key that is written into the stanza', async () => {
    const armor = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n-----END PGP PUBLIC KEY BLOCK-----\n';
    const field = armor.trim().replace(/\n\n/, '\n.\n').replaceAll('\n', '\n ');
    const sourcesFile = await put(
      'own.sources',
      stanza(`Suites: x\nComponents: main\nSigned-By:\n ${field}`),
    );
    const [archive] = await loadArchives({ architecture, sourcesFile });
    expect(archive?.signedBy).toEqual({ kind: 'inline', armor });
  });
});

describe('the readers of sources files', () => {
  it('read or report whatever the text is', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('Types: deb', 'URIs: http://x/', 'Suites: a b', 'deb [a=b', 'deb [x] u s c', ' .', ''),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = lines.join('\n');
        for (const { entries } of [parseSourcesFile(text, 'x.sources'), parseListFile(text, 'x.list')])
          for (const { uri, suite } of entries) expect(`${uri}${suite}`).toMatch(/^\S*$/);
      }),
      { numRuns: 500 },
    );
  });
});
