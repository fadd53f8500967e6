/** The few pieces of Markdown that the generated pages are made of. */
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** A text inside of a table or paragraph. */
export const plain = (text: string): string => text.replace(/[&<>]/g, (sign) => entities[sign] ?? sign).replace(/[|_*]/g, '\\$&');

export const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

export const block = (language: string, text: string): string => `\`\`\`${language}\n${text.replace(/\n+$/, '')}\n\`\`\`\n`;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

export const generated = (from: string): string => `<!-- Made by \`npm run docs\` from ${from}. Do not edit. -->\n\n`;
