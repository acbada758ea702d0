import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDeb } from '../../../src/archive/deb-reader.ts';
import { renderTemplate } from '../../../src/template/render-template.ts';
import { runProdng } from '../../support/prodng.ts';
import { plainEntry, type RawEntry } from '../support/raw-deb.ts';

const env = { DEBFULLNAME: 'Test', DEBEMAIL: 'test@example.org', SOURCE_DATE_EPOCH: '1700000000' };

/** A folder with the jails of templates, built as users build them. */
export class RealJails {
  readonly folder = mkdtempSync(join(tmpdir(), 'prodng-jails-'));

  readonly #built = new Map<string, Promise<string>>();

  /** The .deb of a template's jail, with the source it was built from beside it; built once. */
  async build(template: string): Promise<string> {
    const deb = this.#built.get(template) ?? this.#build(template);
    this.#built.set(template, deb);
    return await deb;
  }

  async #build(template: string): Promise<string> {
    mkdirSync(join(this.folder, template));
    const dir = join(this.folder, template, 'hello');
    await renderTemplate({ template, target: dir, name: 'hello', env });
    const { status, stderr } = await runProdng(['build', '--no-locked', dir]);
    if (status !== 0) throw new Error(`${template} does not build:\n${stderr}`);
    const deb = readdirSync(join(this.folder, template)).find((name) => name.endsWith('.deb'));
    if (deb === undefined) throw new Error(`${template}: no .deb`);
    return join(this.folder, template, deb);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A .deb in memory, to be changed. */
export interface LoadedDeb {
  control: RawEntry[];
  data: RawEntry[];
}

/** Reads a .deb whole. */
export async function loadDeb(path: string): Promise<LoadedDeb> {
  const deb = await openDeb(path);
  try {
    const control = [...(await deb.controlFiles())].map(([name, content]) => ({
      entry: plainEntry(name, content.length),
      content,
    }));
    const data: RawEntry[] = [];
    for await (const { entry, content } of deb.data()) {
      const pieces: Uint8Array[] = [];
      for await (const piece of content) pieces.push(piece);
      data.push({ entry, content: Buffer.concat(pieces) });
    }
    return { control, data };
  } finally {
    await deb.close();
  }
}
