export { type CertificateTarget, readCertificateRules } from './rules.ts';
export { createCertificates } from './service.ts';
