export interface FirstStart {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** The password that was invented, or undefined when one was given. */
  readonly password: string | undefined;
}

/** What the very first start prints: how to sign in and how to push. The password appears here and nowhere else. */
export function welcome({ scheme, host, port, password }: FirstStart): string {
  const name = `${host === '0.0.0.0' || host === '[::]' ? 'localhost' : host}:${port}`;
  const secret = password === undefined ? '(the one given)' : password;
  return `
  Welcome to Entrepot. The registry runs at ${scheme}://${name}

    user      admin
    password  ${secret}${password === undefined ? '' : '   <- shown this once: keep it'}

  Push your first image into the public project "library":

    docker login ${name} -u admin
    docker tag alpine ${name}/library/alpine
    docker push ${name}/library/alpine

`;
}
