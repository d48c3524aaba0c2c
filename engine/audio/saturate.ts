/** The nearest value that signed 16 bit can hold, of a number that is whole already. */
export const saturate = (value: number): number => Math.max(-32768, Math.min(32767, value));
