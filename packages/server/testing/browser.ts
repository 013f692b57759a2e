/** As much of a browser as a sign-in needs: cookies by origin, and redirects one after another. */
export interface Browser {
  /** One request; cookies are sent and kept. */
  open(url: string, init?: RequestInit): Promise<Response>;
  /** Follows redirects until an address matches, which is not asked for, or there are none left. */
  follow(url: string, until: (url: string) => boolean): Promise<{ readonly url: string; readonly response: Response }>;
  /** The cookies of an origin, by name. */
  cookies(url: string): Map<string, string>;
}

const mostHops = 20;

export function createBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>();

  function cookies(url: string): Map<string, string> {
    const { origin } = new URL(url);
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  }

  async function open(url: string, init: RequestInit = {}): Promise<Response> {
    const jar = cookies(url);
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const sign = pair.indexOf('=');
      const [name, value] = [pair.slice(0, sign), pair.slice(sign + 1)];
      const gone =
        value === '' || attributes.some((attribute) => /^(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute));
      if (gone) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  return {
    open,
    cookies,
    async follow(start, until) {
      let url = start;
      for (let hop = 0; hop < mostHops; hop++) {
        const response = await open(url);
        const location = response.headers.get('location');
        if (location === null) return { url, response };
        await response.arrayBuffer();
        url = new URL(location, url).href;
        if (until(url)) return { url, response };
      }
      throw new Error(`there is no end of redirects at ${url}`);
    },
  };
}
