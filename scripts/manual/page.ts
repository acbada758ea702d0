/** A page of sections 5 and 7; those of section 1 are made from the commands. */
export interface ManualPage {
  /** `prodng-agent.json` */
  name: string;
  section: 5 | 7;
  summary: string;
  sections: readonly Section[];
  /** `prodng (1)` */
  seeAlso: readonly string[];
}

export interface Section {
  title: string;
  blocks: readonly Block[];
}

export type Block =
  | { text: string }
  | { example: string }
  | { entries: readonly { tag: string; text: string; example?: string }[] };

/** The source of a page in the macros of man(7). */
export function manualPage({ name, section, summary, sections, seeAlso }: ManualPage): string {
  return [
    '.\\" Made by `npm run docs`. Do not edit.',
    `.TH ${name.toUpperCase()} ${section} "" ProdNG "${section === 5 ? 'Files' : 'Concepts'} of ProdNG"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(summary)}`,
    ...sections.flatMap(({ title, blocks }) => {
      const lines = blocks.flatMap(linesOf);
      // .SH begins a paragraph itself
      return [`.SH ${title.toUpperCase()}`, ...(lines[0] === '.PP' ? lines.slice(1) : lines)];
    }),
    '.SH SEE ALSO',
    seeAlso.map((page) => `.BR ${escaped(page)}`).join(' ,\n'),
    '',
  ].join('\n');
}

function linesOf(block: Block): string[] {
  if ('text' in block) return ['.PP', formatted(block.text)];
  if ('example' in block) return exampleLines(block.example);
  return block.entries.flatMap(({ tag, text, example }) => [
    '.TP',
    `\\fB${escaped(tag)}\\fR`,
    formatted(text),
    ...(example === undefined ? [] : ['.IP', '.EX', ...example.split('\n').map(escaped), '.EE']),
  ]);
}

function exampleLines(example: string): string[] {
  return ['.PP', '.EX', ...example.split('\n').map(escaped), '.EE'];
}

/** `code` and **emphasis** are bold. */
function formatted(text: string): string {
  return text
    .replaceAll('**', '`')
    .split('`')
    .map((part, at) => (at % 2 === 0 ? inline(part) : `\\fB${inline(part)}\\fR`))
    .join('')
    .replace(requests, '\\&$1')
    .replaceAll(/\n{2,}/g, '\n.IP\n')
    .replaceAll(/^\\- /gm, '.br\n\\(bu ');
}

/** Lines for groff: hyphens that can be copied, no request by accident. */
export function escaped(text: string): string {
  return inline(text).replace(requests, '\\&$1');
}

const requests = /^([.'])/gm;

function inline(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha');
}
