export { createLog, type Log, type Logger } from './logger.ts';
