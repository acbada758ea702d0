import type { ExposureRow } from './jail-field.ts';

/** A row of the exposure: points above `most` count as `most`. */
export function exposureRow(what: string, most: number, points: number, why: string): ExposureRow {
  return { what, points: tenths(Math.min(most, points)), most, why };
}

/** To one decimal. */
export function tenths(points: number): number {
  return Math.round(points * 10) / 10;
}
