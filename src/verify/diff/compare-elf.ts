import type { ElfView } from './elf-view.ts';

const mostNames = 40;

/** Says in lines what differs between two ELF files: what they need first, then symbols, then sections. */
export function compareElf(before: ElfView, after: ElfView): string[] {
  return [
    ...changed('machine', String(before.machine), String(after.machine)),
    ...changed('type', String(before.type), String(after.type)),
    ...changed('SONAME', before.soname, after.soname),
    ...changed('RUNPATH', before.runpath, after.runpath),
    ...names('NEEDED', new Set(before.needed), new Set(after.needed)),
    ...names('symbol', before.symbols, after.symbols),
    ...sections(before, after),
  ];
}

function changed(what: string, old: string, now: string): string[] {
  return old === now ? [] : [`${what}: ${old || 'none'} -> ${now || 'none'}`];
}

function names(what: string, before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  const list = (sign: string, from: ReadonlySet<string>, other: ReadonlySet<string>): string[] => {
    const only = [...from].filter((name) => !other.has(name)).toSorted();
    const lines = only.slice(0, mostNames).map((name) => `${what} ${sign}${name}`);
    return only.length <= mostNames ? lines : [...lines, `${what} ${sign}(${only.length - mostNames} more)`];
  };
  return [...list('-', before, after), ...list('+', after, before)];
}

function sections(before: ElfView, after: ElfView): string[] {
  const all = new Set([...before.sections.keys(), ...after.sections.keys()]);
  return [...all].flatMap((name) => {
    const [old, now] = [before.sections.get(name), after.sections.get(name)];
    if (old === undefined) return [`section +${name}: ${now?.size ?? 0} bytes`];
    if (now === undefined) return [`section -${name}: ${old.size} bytes`];
    if (old.size !== now.size) return [`section ${name}: ${old.size} -> ${now.size} bytes`];
    return old.sha256 === now.sha256 ? [] : [`section ${name}: other bytes`];
  });
}
