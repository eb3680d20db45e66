export const layoutVersion = 1;
