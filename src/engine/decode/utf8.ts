export const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
