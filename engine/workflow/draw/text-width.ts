const NARROW = /[ijltfrI.,;:!'|()[\]\s-]/;
const WIDE = /[mwMW@%]/;

/**
 * About how wide a text is drawn in a proportional sans-serif, in px: no font is at hand where the picture is made. A little too wide
 * rather than too narrow.
 */
export function textWidth(text: string, sizePx: number): number {
  let ems = 0;
  for (const sign of text) {
    if (NARROW.test(sign)) ems += 0.34;
    else if (WIDE.test(sign)) ems += 0.88;
    else if (/[A-Z]/.test(sign)) ems += 0.68;
    else ems += (sign.codePointAt(0) ?? 0) > 0x2e80 ? 1 : 0.57;
  }
  return ems * sizePx;
}

/** The same in a font of equal widths. */
export const monoWidth = (text: string, sizePx: number): number => [...text].length * sizePx * 0.61;
