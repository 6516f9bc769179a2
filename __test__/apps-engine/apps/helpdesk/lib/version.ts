export const VERSION = 'first';
