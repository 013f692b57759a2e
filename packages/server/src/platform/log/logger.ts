import { Writable } from 'node:stream';
import pino from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A logger of one place, named `room:folder`. Fields first, then one sentence. */
export type Logger = Record<LogLevel, (fields: Readonly<Record<string, unknown>>, message: string) => void>;

export interface LogOptions {
  readonly level: LogLevel;
  /** `json` for machines, one record a line; `text` for a person at a terminal. */
  readonly format: 'json' | 'text';
}

/** The root of all loggers; `forPlace` names one. */
export interface Log {
  forPlace(place: string): Logger;
}

export function createLog(options: LogOptions, out: NodeJS.WritableStream): Log {
  const destination = options.format === 'json' ? out : asText(out);
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination as pino.DestinationStream,
  );
  return { forPlace: (place) => root.child({ logger: place }) as unknown as Logger };
}

interface TextRecord {
  readonly time: string;
  readonly level: string;
  readonly logger?: string;
  readonly msg: string;
}

/** One line a record; control characters stay escaped, so that no text can forge a second record. */
function asText(out: NodeJS.WritableStream): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        const { time, level, logger, msg, ...fields } = JSON.parse(line) as TextRecord;
        const rest = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
        const message = JSON.stringify(msg).slice(1, -1).replaceAll('\\"', '"');
        out.write(`${time} ${level.toUpperCase().padEnd(5)} ${logger ?? ''} ${message}${rest}\n`);
      }
      done();
    },
  });
}
