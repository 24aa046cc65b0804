const removed = '(removed)';

/**
 * A text without secrets: private keys, values of settings whose name says that they are secret
 * (in XML, as fence devices have them, and as "name=value" or "name: value").
 */
export function redact(text: string): string {
  return text
    .replaceAll(
      /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
      removed,
    )
    .replaceAll(
      /(<nvpair\b[^>]*\bname="[^"]*(?:passw|secret|token_value)[^"]*"[^>]*\bvalue=")[^"]*/gi,
      `$1${removed}`,
    )
    .replaceAll(
      /(<nvpair\b[^>]*\bvalue=")[^"]*("[^>]*\bname="[^"]*(?:passw|secret)[^"]*")/gi,
      `$1${removed}$2`,
    )
    .replaceAll(
      /\b([\w-]*(?:passw(?:or)?d|secret)[\w-]*\s*[=:]\s*)(?!\(removed\))("[^"\n]*"|[^\s"<>]+)/gi,
      `$1${removed}`,
    );
}
