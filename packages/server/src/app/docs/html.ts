/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | undefined | false | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function write(part: Part): string {
  if (part === undefined || part === false) return '';
  if (Array.isArray(part)) return part.map(write).join('');
  if (typeof part === 'object') return (part as Html).html;
  return String(part).replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** A template whose values are escaped, unless they are HTML themselves; lists are joined, what is absent is left out. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.map((text, index) => text + write(parts[index])).join('') };
}
