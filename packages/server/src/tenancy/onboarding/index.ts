export { createOnboarding, type Onboarding, type Welcome } from './service.ts';
export { createExternalAccountStore } from './store.ts';
