/** Where something stands in a document: keys and list indexes from the top. */
export type Path = readonly (string | number)[];

/** `deployment[0].components[1]`; empty for the document itself. */
export const formatPath = (path: Path): string =>
  path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '');
