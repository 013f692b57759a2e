export type { RepairSource, WantedContent } from './repair-source.ts';
