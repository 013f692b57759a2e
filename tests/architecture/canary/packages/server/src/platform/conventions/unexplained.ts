// canary: conventions a suppression names its reason on the same line
// oxlint-disable-next-line no-console
console.log('why');
