import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyStore } from '../../src/sign/key-store.ts';
import { type RunResult, run } from '../../src/system/process.ts';
import { writeKeyring } from './signing.ts';

/** A root folder with a policy as debsig-verify(1) looks for one: the origin's key, and further required types. */
export async function debsigRoot(
  root: string,
  store: KeyStore,
  required: Readonly<Record<string, string>>,
): Promise<string> {
  const origin = keyId(required.origin ?? '');
  const policies = join(root, 'etc/debsig/policies', origin);
  const keyrings = join(root, 'usr/share/debsig/keyrings', origin);
  await mkdir(policies, { recursive: true });
  await mkdir(keyrings, { recursive: true });
  // debsig-verify looks for an id in the first key of a file only
  for (const [type, key] of Object.entries(required))
    await writeKeyring(store, join(keyrings, `${type}.gpg`), [key]);
  const rules = Object.entries(required).map(
    ([type, key]) => `<Required Type="${type}" File="${type}.gpg" id="${keyId(key)}"/>`,
  );
  await writeFile(
    join(policies, 'policy.pol'),
    `<?xml version="1.0"?>
<!DOCTYPE Policy SYSTEM "https://www.debian.org/debsig/1.0/policy.dtd">
<Policy xmlns="https://www.debian.org/debsig/1.0/">
  <Origin Name="Test" id="${origin}" Description="a test"/>
  <Selection><Required Type="origin" File="origin.gpg" id="${origin}"/></Selection>
  <Verification MinOptional="0">${rules.join('')}</Verification>
</Policy>
`,
  );
  return root;
}

export async function debsigVerify(root: string, deb: string): Promise<RunResult> {
  return await run(['debsig-verify', '--verbose', '--root', root, deb], {
    accept: Array.from({ length: 32 }, (_, code) => code),
  });
}

function keyId(fingerprint: string): string {
  return fingerprint.slice(-16);
}
