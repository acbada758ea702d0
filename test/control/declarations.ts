import { Field, Paragraph, parseDeb822 } from '../../src/control/deb822.ts';
import type { JailDeclaration } from '../../src/control/jail-declaration.ts';
import { parseJailDeclaration } from '../../src/control/jail-schema.ts';
import { formatDiagnostic } from '../../src/error/prodng-error.ts';

/** The stanza of a jail with these lines beside the required fields. */
export function jailStanza(
  lines: string,
  required = 'XB-Jail-Format: 1\nXB-Jail-Command: /bin/x\n',
): Paragraph {
  const [stanza] = parseDeb822(`Package: x\n${required}${lines}\n`, 'debian/control');
  return stanza ?? new Paragraph([new Field('Package', 'x')]);
}

/** What is wrong with a stanza, as `code line:column field message`. */
export function faultsOf(lines: string, required?: string): string[] {
  return parseJailDeclaration(jailStanza(lines, required), 'debian/control', 'XB-Jail-').diagnostics.map(
    (diagnostic) => `${diagnostic.code} ${formatDiagnostic(diagnostic).replace('debian/control:', '')}`,
  );
}

/** The declaration of a stanza that is expected to be right. */
export function declarationOf(lines: string, required?: string): JailDeclaration {
  const { declaration } = parseJailDeclaration(jailStanza(lines, required), 'debian/control', 'XB-Jail-');
  if (declaration === undefined) throw new Error(faultsOf(lines, required).join('\n'));
  return declaration;
}
