import { readDeb822 } from '../../control/deb822.ts';
import type { Paragraph } from '../../control/deb822-types.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { hasJailFields, parseJailDeclaration } from '../../control/jail-schema.ts';
import { versionFault } from '../../control/version.ts';
import { formatDiagnostic } from '../../error/prodng-error.ts';
import { type Check, checked } from './check.ts';
import type { PackageContents } from './package-contents.ts';

export interface ControlFacts {
  check: Check;
  name: string;
  version: string;
  /** The name of the source package. */
  source: string;
  architecture: string;
  isJail: boolean;
  declaration?: JailDeclaration;
}

/** Whatever would make apt or dpkg do something beside unpacking. */
const relations = [
  'Depends',
  'Pre-Depends',
  'Recommends',
  'Suggests',
  'Conflicts',
  'Breaks',
  'Replaces',
  'Provides',
];

/** Checks the control member: a jail's declares by the schema, depends on nothing and runs nothing. */
export function checkControl({ controlFiles, jailName }: PackageContents): ControlFacts {
  const { paragraphs, diagnostics } = readDeb822(controlFiles.get('control') ?? '', 'control');
  const findings = diagnostics.map(formatDiagnostic);
  const [stanza, extra] = paragraphs;
  if (stanza === undefined) findings.push('control: the file is empty or missing');
  if (extra !== undefined) findings.push('control: a second stanza');
  const field = (name: string): string => stanza?.get(name)?.trim() ?? '';
  for (const name of ['Package', 'Version', 'Architecture', 'Maintainer', 'Description'])
    if (stanza !== undefined && field(name) === '') findings.push(`control: ${name}: the field is missing`);
  const fault = field('Version') === '' ? undefined : versionFault(field('Version'));
  if (fault !== undefined) findings.push(`control: Version: ${fault}`);
  const isJail = jailName !== undefined || (stanza !== undefined && hasJailFields(stanza));
  const declaration = isJail ? checkJail(stanza, jailName, findings) : undefined;
  const message = isJail
    ? `${field('Package')} ${field('Version')} ${field('Architecture')}, a jail`
    : `${field('Package')} ${field('Version')} ${field('Architecture')}, no jail`;
  return {
    check: checked('control', findings, message),
    name: field('Package'),
    version: field('Version'),
    source: field('Source').replace(/ .*/s, '') || field('Package'),
    architecture: field('Architecture'),
    isJail,
    ...(declaration === undefined ? {} : { declaration }),
  };
}

function checkJail(
  stanza: Paragraph | undefined,
  jailName: string | undefined,
  findings: string[],
): JailDeclaration | undefined {
  if (stanza === undefined) return undefined;
  const { declaration, diagnostics } = parseJailDeclaration(stanza, 'control', 'Jail-');
  findings.push(...diagnostics.map(formatDiagnostic));
  for (const name of relations)
    if (stanza.get(name) !== undefined) findings.push(`control: ${name}: a jail brings all that it needs`);
  if (jailName !== stanza.get('Package'))
    findings.push(
      `control: Package: ${stanza.get('Package') ?? ''}, but the jail inside is ${jailName ?? 'missing'}`,
    );
  return declaration;
}
