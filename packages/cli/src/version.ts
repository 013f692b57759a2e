/** The version of this build, in one place with the package's. */
export const version = '0.1.0';
