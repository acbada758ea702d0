import { describeBound } from './bound.ts';
import type { JailField } from './jail-field.ts';
import { jailFieldList } from './jail-fields.ts';

/** docs/control-fields.md: the reference of all Jail-* fields, made from the same table as their parser. */
export function fieldReference(fields: readonly JailField<unknown>[] = jailFieldList): string {
  return `${introduction}\n${overview(fields)}\n${fields.map(section).join('\n')}`;
}

const introduction = `# Control fields of a jail

<!-- Made by \`npm run docs\` from src/control/fields/. Do not edit. -->

A jail source declares what its service needs in the stanza of its binary package in \`debian/control\`, in fields
named \`XB-Jail-...\`. dpkg copies them into the .deb's control file as \`Jail-...\` (Debian Policy 5.7, user-defined
fields). What is not declared is denied: the default of every permission is *none*.

Every command that reads a declaration reports all faults at once, as \`file:line:column: field: what is wrong; what is
allowed\`. Lines that start with \`#\` are comments. Sizes are numbers of bytes with \`K\`, \`M\`, \`G\` or \`T\` (powers of
1024); times are numbers with \`ms\`, \`s\`, \`min\` or \`h\`.

\`\`\`
Package: hello
Architecture: any
Depends: \${misc:Depends}, python3-minimal
Description: says hello
XB-Jail-Format: 1
XB-Jail-Command: /usr/bin/hello --port 8080
XB-Jail-Network: macvlan
XB-Jail-Listen: 8080/tcp
XB-Jail-Filesystem: rw /var/lib/hello size=64M
 tmp /tmp
\`\`\`
`;

function overview(fields: readonly JailField<unknown>[]): string {
  const rows = fields.map(
    (field) => `| [\`Jail-${field.name}\`](#jail-${field.name.toLowerCase()}) | ${defaultOf(field)} |`,
  );
  return `| field | default |\n|---|---|\n${rows.join('\n')}\n`;
}

function defaultOf(field: JailField<unknown>): string {
  return field.required ? '**required**' : `\`${field.default ?? 'none'}\``;
}

function section(field: JailField<unknown>): string {
  const example = `XB-Jail-${field.name}: ${field.example.replaceAll('\n', '\n ')}`;
  return `## Jail-${field.name}

${field.doc}

- Syntax: \`${field.syntax}\`
- Default: ${defaultOf(field)}
${boundsOf(field)}
\`\`\`
${example}
\`\`\`
`;
}

function boundsOf({ bounds }: JailField<unknown>): string {
  if (bounds.length === 0) return '';
  return `- Bounds: ${bounds.map((bound) => `${bound.what} ${describeBound(bound)}`).join('; ')}\n`;
}
