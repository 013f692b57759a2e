// canary: sound
import { serve } from '#app/server';

export const startTestRegistry = (): string => serve;
