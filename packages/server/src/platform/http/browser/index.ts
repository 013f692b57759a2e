export { answerBrowser, type BrowserReply, type OnFault, readForm } from './answer.ts';
export { formatCookie, formatSessionCookie, readCookie, readSessionCookie } from './cookies.ts';
export { assertSameOrigin, checkCsrf, offerCsrfToken } from './csrf.ts';
