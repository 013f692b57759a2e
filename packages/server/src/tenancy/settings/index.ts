export { settingRoutes } from './routes.ts';
export { openSettings, type SettingsService } from './service.ts';
export { createSettingStore } from './store.ts';
