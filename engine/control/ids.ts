/** An id that sorts by time and cannot be guessed: 74 of its bits are random. */
export const newId = (prefix: string): string => `${prefix}_${Bun.randomUUIDv7("hex").replaceAll("-", "")}`;

/** Such an id as it may stand in an address. */
export const isId = (text: string): boolean => /^[a-z]+_[0-9a-f]{32}$/.test(text);
