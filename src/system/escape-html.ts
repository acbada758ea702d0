import { ownValue } from './own-value.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML, between tags and in quoted attributes; control characters, which a page may not have, become `?`. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ownValue(entities, character) ?? character)
    .replace(/[^\P{Cc}\n\t]|[\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '?');
}
