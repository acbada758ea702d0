import { ProdngError } from '../error/prodng-error.ts';

/** Fills one text with values; `where` names the text in messages. */
export type FillText = (text: string, values: Readonly<Record<string, string>>, where: string) => string;

/**
 * The template language: handlebars without its HTML escapes, which would break control files, and strict: a name
 * that has no value is an error, not an empty string.
 */
export async function loadTextTemplates(): Promise<FillText> {
  const { default: handlebars } = await import('handlebars');
  return (text, values, where) => {
    // most texts of a template hold no variable
    if (!text.includes('{{')) return text;
    try {
      return handlebars.compile(text, { noEscape: true, strict: true })(values);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ProdngError('TEMPLATE', `${where}: ${why}`, {
        hint: 'this is a fault of the template: it may use the built-in variables and those of its template.json',
        cause: error,
      });
    }
  };
}
