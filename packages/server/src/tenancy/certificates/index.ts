export { type CertificateNames, type CertificateTarget, readCertificateRules } from './rules.ts';
export { type Certificates, createCertificates } from './service.ts';
