/** Kept equal to package.json by a test, so that printing it reads no file. */
export const VERSION = '0.1.0';
