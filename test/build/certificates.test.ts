import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addCertificates } from '../../src/build/compose/certificates.ts';
import { RootfsTree } from '../../src/build/compose/rootfs-tree.ts';

const scratch = mkdtempSync(join(tmpdir(), 'prodng-certificates-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Files of packages below /usr/share/ca-certificates: odd names, and one without a newline at its end. */
const certificates: Readonly<Record<string, string>> = {
  'mozilla/Zeta_Root.crt': '-----BEGIN CERTIFICATE-----\nzeta\n-----END CERTIFICATE-----\n',
  'mozilla/Alpha (1), Root.crt': '-----BEGIN CERTIFICATE-----\nalpha\n-----END CERTIFICATE-----',
  'example.org/own.crt': '-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----\n',
};

/** What Debian's own script makes of them. */
function byScript(): { bundle: string; links: Record<string, string> } {
  const [certs, etc, hooks] = ['usr/share/ca-certificates', 'etc', 'hooks'].map((name) =>
    join(scratch, name),
  );
  for (const folder of [etc, hooks]) mkdirSync(folder ?? '', { recursive: true });
  for (const [name, text] of Object.entries(certificates)) {
    mkdirSync(join(certs ?? '', name, '..'), { recursive: true });
    writeFileSync(join(certs ?? '', name), text);
  }
  const listed = Object.keys(certificates).sort();
  writeFileSync(join(scratch, 'conf'), `${listed.join('\n')}\n`);
  const options = {
    '--certsdir': certs,
    '--etccertsdir': etc,
    '--hooksdir': hooks,
    '--certsconf': join(scratch, 'conf'),
  };
  const argv = Object.entries({ ...options, '--localcertsdir': join(scratch, 'none') }).flat();
  execFileSync('update-ca-certificates', argv.map(String), { stdio: 'ignore' });
  const links: Record<string, string> = {};
  for (const name of readdirSync(etc ?? ''))
    if (name.endsWith('.pem')) links[name] = readlinkSync(join(etc ?? '', name)).slice(scratch.length);
  return { bundle: readFileSync(join(etc ?? '', 'ca-certificates.crt'), 'utf8'), links };
}

function composed(): RootfsTree {
  const tree = new RootfsTree();
  for (const [name, text] of Object.entries(certificates))
    tree.addFile(`usr/share/ca-certificates/${name}`, text);
  return tree;
}

test('the bundle and its links are those of update-ca-certificates, without running it', () => {
  const tree = composed();
  addCertificates(tree);
  const { bundle, links } = byScript();
  const node = tree.nodes.get('etc/ssl/certs/ca-certificates.crt');
  expect(node?.type === 'file' && textOf(node.file.content)).toBe(bundle);
  expect(bundle.match(/BEGIN/g)).toHaveLength(3);
  const ours: Record<string, string> = {};
  for (const [path, each] of tree.nodes)
    if (each.type === 'symlink') ours[path.replace('etc/ssl/certs/', '')] = each.target;
  expect(ours).toEqual(links);
});

test('a bundle that is there stays, and without certificates there is none', () => {
  const own = composed();
  own.addFile('etc/ssl/certs/ca-certificates.crt', 'own');
  addCertificates(own);
  const node = own.nodes.get('etc/ssl/certs/ca-certificates.crt');
  expect(node?.type === 'file' && textOf(node.file.content)).toBe('own');
  const empty = new RootfsTree();
  addCertificates(empty);
  expect(empty.nodes.size).toBe(0);
});

function textOf(content: unknown): string {
  if (!Buffer.isBuffer(content)) throw new Error('not made here');
  return content.toString();
}
