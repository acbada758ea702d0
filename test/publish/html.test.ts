import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { archivePage, type ShownVersion, suitePage } from '../../src/publish/html-index.ts';
import { runProdng } from '../support/prodng.ts';
import { digest, fingerprint, makePublishing, newFolder, type Publishing } from './publishing.ts';

vi.setConfig({ testTimeout: 120_000 });

let publishing: Publishing;
let page: string;

const fields = (port: number) => `Jail-Command: /bin/httpd -f -p ${port}
Jail-Network: macvlan
Jail-Listen: ${port}/tcp
Jail-Connect: db.example.org:5432/tcp
Jail-Memory: 32M
Jail-Filesystem: rw /var/lib/box size=64M`;

beforeAll(async () => {
  publishing = await makePublishing();
  const { archive, ok, jail, env } = publishing;
  await ok(
    archive,
    await jail('web', '1.3-1', { fields: fields(8080) }),
    '--suite',
    'staging',
    '--origin',
    'Example',
  );
  const signed = await jail('web', '1.4-1', { fields: fields(9090) });
  expect(await runProdng(['sign', signed, '--key', 'release@example.org'], { env })).toMatchObject({
    status: 0,
  });
  await ok(archive, signed, await jail('api', '2.0-1'), '--suite', 'staging');
  expect(await ok('html', archive)).toBe(`${archive}/html/staging.html\n${archive}/index.html\n`);
  page = readFileSync(join(archive, 'html/staging.html'), 'utf8');
});

afterAll(() => publishing.remove());

it('a page says in words what each package may do, how exposed it is and what changed', () => {
  expect(page).toContain('<h2 id="web">web 1.4-1</h2>');
  expect(page).toContain('It has an address on the network, and is reached on 9090/tcp.');
  expect(page).toContain('It may connect to db.example.org on 5432/tcp.');
  expect(page).toContain('It keeps data in /var/lib/box, up to 64M.');
  expect(page).toMatch(/<p>Exposure \d+(?:\.\d)? of 10: /);
  expect(page).toMatch(/1\.3-1 → 1\.4-1: .*<span class="gained">gained Jail-Listen 9090\/tcp<\/span>/);
  expect(page).toContain('<h2 id="api">api 2.0-1</h2>');
  expect(readFileSync(join(publishing.archive, 'index.html'), 'utf8')).toContain(
    '<a href="html/staging.html">staging</a>: 2 packages, 3 versions',
  );
});

it('its links lead to the files, with their digests, and signatures are named by their keys', () => {
  const links = [...page.matchAll(/href="\.\.\/(pool\/[^"]+)"/g)].map(([, path]) =>
    decodeURIComponent(path ?? ''),
  );
  expect(links.length).toBeGreaterThan(1);
  for (const path of links) expect(existsSync(join(publishing.archive, path))).toBe(true);
  const web = links.find((path) => path.includes('web_1.4-1'));
  expect(page).toContain(digest(readFileSync(join(publishing.archive, web ?? ''))));
  const listed = execFileSync(
    'gpg',
    ['--show-keys', '--with-colons', join(publishing.archive, 'archive-keyring.asc')],
    {
      encoding: 'utf8',
    },
  );
  const ids = [...listed.matchAll(/^(?:pub|sub):(?:[^:]*:){3}([0-9A-F]{16}):/gm)].map(([, id]) => id);
  const named = [...page.matchAll(/<dt>Signatures in the \.deb<\/dt><dd>(.*?)<\/dd>/g)].map(
    ([, text]) => text,
  );
  expect(named).toHaveLength(2);
  expect(named.filter((text) => text === 'no one')).toHaveLength(1);
  expect(ids.some((id) => named.some((text) => text?.includes(id ?? '-')))).toBe(true);
});

it('the same archive gives the same bytes, and what is published stays valid for apt', async () => {
  const before = fingerprint(publishing.archive);
  await publishing.ok('html', publishing.archive);
  expect(fingerprint(publishing.archive)).toEqual(before);
  const copy = newFolder(publishing.folder, 'copy');
  execFileSync('cp', ['-r', `${publishing.archive}/.`, copy]);
  execFileSync('rm', ['-r', join(copy, 'html')]);
  expect(await runProdng(['publish', 'html', copy], { env: { TZ: 'Asia/Tokyo', LANG: 'C' } })).toMatchObject({
    status: 0,
  });
  expect(readFileSync(join(copy, 'html/staging.html'), 'utf8')).toBe(page);
});

it('refuses a folder that is no archive, and one that was edited', async () => {
  const empty = newFolder(publishing.folder, 'empty');
  expect(await publishing.publish(['html', empty])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('holds no archive'),
  });
  const edited = newFolder(publishing.folder, 'edited');
  execFileSync('cp', ['-r', `${publishing.archive}/.`, edited]);
  const index = join(edited, 'dists/staging/main/binary-amd64/Packages');
  writeFileSync(index, readFileSync(index, 'utf8').replace('web', 'evil'));
  expect(await publishing.publish(['html', edited])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('edited by other means'),
  });
});

it('whatever a package calls itself, its page has no other tags and no script', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '<script>alert(1)</script>',
      '"><img src=x onerror=x>',
      "' onclick='x",
      '&lt;',
      '\u202e',
      '\u0000',
    ),
  );
  fc.assert(
    fc.property(text, text, text, (name, version, summary) => {
      const shown: ShownVersion = {
        name,
        version,
        architecture: 'amd64',
        summary,
        filename: `pool/${name}/${version}.deb`,
        size: 1,
        sha256: '0'.repeat(64),
        signedBy: [name],
        evidence: [`pool/${summary}`],
      };
      const suite = { suite: name, origin: summary, date: 0, signedBy: [version], versions: [shown, shown] };
      for (const html of [suitePage(suite), archivePage(summary, [suite])]) {
        const tags = new Set([...html.matchAll(/<\/?([a-zA-Z!][^\s>]*)/g)].map(([, tag]) => tag));
        for (const tag of tags)
          expect(
            '!DOCTYPE html head meta title style body h1 h2 h3 p a ul li dl dt dd code span'.split(' '),
          ).toContain(tag);
        expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+\s*=/);
        expect(Array.from(html).filter((char) => char <= '\u0008' || char === '\u202e')).toEqual([]);
      }
    }),
  );
});
