export { formatCookie, formatSessionCookie, readCookie, readSessionCookie } from './cookies.ts';
export { assertSameOrigin, type BrowserRequest, checkCsrf, offerCsrfToken } from './csrf.ts';
