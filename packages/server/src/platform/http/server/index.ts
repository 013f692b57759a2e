export { createReadCertificate } from './client-certificate.ts';
export { createFindOrigin } from './find-origin.ts';
export { createListener, listen, renewCertificates } from './listener.ts';
export { send } from './send.ts';
