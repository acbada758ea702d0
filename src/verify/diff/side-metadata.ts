import { compareDeclarations, type DeclarationChange } from '../../control/compare-declarations.ts';
import { readDeb822 } from '../../control/deb822.ts';
import type { Paragraph } from '../../control/deb822-types.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { hasJailFields, parseJailDeclaration } from '../../control/jail-schema.ts';
import { formatDiagnostic } from '../../error/prodng-error.ts';
import type { TreeSide } from './tree-side.ts';

/** What a side's control file says, and what is wrong with it. */
export interface SideMetadata {
  control?: Paragraph;
  /** Absent for what is no jail, or a broken one. */
  declaration?: JailDeclaration;
  /** One line each. */
  faults: string[];
}

/** Reads the control file of a side, if it has one. */
export function readMetadata({ path, controlFiles }: TreeSide): SideMetadata {
  const text = controlFiles.get('control');
  if (text === undefined) return { faults: [] };
  const { paragraphs, diagnostics } = readDeb822(text, `${path}: control`);
  const faults = diagnostics.map(formatDiagnostic);
  const control = paragraphs[0];
  if (control === undefined) return { faults };
  if (!hasJailFields(control)) return { control, faults };
  const parsed = parseJailDeclaration(control, `${path}: control`, 'Jail-');
  faults.push(...parsed.diagnostics.map(formatDiagnostic));
  return {
    control,
    faults,
    ...(parsed.declaration === undefined ? {} : { declaration: parsed.declaration }),
  };
}

/**
 * Compares what both sides declare. Where one of them cannot be understood, its fields are compared as text, and
 * whatever is new counts as gained: a reviewer must never see less than there is.
 */
export function declarationChanges(old: SideMetadata, now: SideMetadata): DeclarationChange[] {
  if (old.declaration !== undefined && now.declaration !== undefined)
    return compareDeclarations(old.declaration, now.declaration);
  const [before, after] = [jailTexts(old.control), jailTexts(now.control)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((field) => {
    const [was, is] = [before.get(field), after.get(field)];
    if (was === is) return [];
    const kind = is === undefined ? 'lost' : 'gained';
    return [
      {
        field,
        kind,
        ...(was === undefined ? {} : { old: was }),
        ...(is === undefined ? {} : { new: is }),
      } as const,
    ];
  });
}

function jailTexts(control: Paragraph | undefined): Map<string, string> {
  const fields = control?.fields.filter(({ name }) => /^jail-/i.test(name)) ?? [];
  return new Map(fields.map(({ name, value }) => [name, value.trim()]));
}
