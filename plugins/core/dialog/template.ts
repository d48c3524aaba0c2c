/** `{name}`; a brace that is to stay is written twice. */
const PLACE = /\{\{|\}\}|\{([A-Za-z][\w-]*)\}/g;

/** The names in a template, once each. */
export const placesOf = (template: string): string[] => [
  ...new Set(Array.from(template.matchAll(PLACE), ([, name]) => name).filter((name) => name !== undefined)),
];

/** The template with its places filled in, once: what a value holds is no place. A value that is not there is nothing. */
export const filled = (template: string, values: Readonly<Record<string, string | undefined>>): string =>
  template.replace(PLACE, (found, name: string | undefined) => (name === undefined ? found[0]! : (values[name] ?? "")));
