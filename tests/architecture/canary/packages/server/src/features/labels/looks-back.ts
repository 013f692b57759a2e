// canary: imports features-looks-back
export { serve } from '#app/server';
