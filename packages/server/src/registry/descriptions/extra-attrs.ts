/** What lists keep of one config. Beyond so many characters only its short fields are kept. */
const longest = 32_768;
const longestField = 1024;

const imageFields = ['architecture', 'os', 'variant', 'os.version', 'created', 'author', 'config'];

/**
 * What is shown of a config: of an image the fields that Harbor shows, of everything else the whole of it. Answers JSON
 * text; undefined where the config is no JSON object.
 */
export function extraAttrsOf(type: string, config: Uint8Array): string | undefined {
  let read: unknown;
  try {
    read = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(config));
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return undefined;
  const isImage = type === 'IMAGE' || type === 'WASM';
  const fields = Object.entries(read).filter(([name]) => !isImage || imageFields.includes(name));
  const whole = JSON.stringify(Object.fromEntries(fields));
  if (whole.length <= longest) return whole;
  const short = fields.filter(([, value]) => (JSON.stringify(value) ?? '').length <= longestField).slice(0, 30);
  return JSON.stringify(Object.fromEntries(short));
}
