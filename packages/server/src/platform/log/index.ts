export { createLog, type Log, type Logger, type LogLevel } from './logger.ts';
