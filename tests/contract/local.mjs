// Makes a page of Redocly stand alone: node local.mjs FILE.  The mark that its script would fetch
// from its maker's host is drawn in place, and the page is refused when it would load anything
// else.  Links that a reader may click are no loading, and texts within scripts are no elements.
import { readFileSync, writeFileSync } from 'node:fs';

const mark = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" width="48" height="14">' +
    '<text y="11" font-family="sans-serif" font-size="11">Redocly</text></svg>',
)}`;
const whole = readFileSync(process.argv[2], 'utf8')
  .replace(/https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini(-full)?\.svg/g, mark)
  .replace(/https:\/\/cdn\.redocly\.com\/icons\/[\w./-]*/g, 'data:,');
const page = whole.replace(/(<script\b[^>]*>)[\s\S]*?<\/script>/g, '$1');
const loading = [
  ...page.matchAll(/<(?:script|img|iframe|source|video|audio|object|embed)\b[^>]*\b(?:src|data)\s*=[^>]*>/gi),
  ...page.matchAll(/<link\b[^>]*\bhref\s*=[^>]*>/gi),
  ...page.matchAll(/@import[^;]*/gi),
  ...page.matchAll(/url\(\s*(?!["']?(?:data:|#))[^)]{0,80}/gi),
  ...whole.matchAll(/https?:\/\/(?:cdn|fonts|unpkg|static)\.[\w./-]*/gi),
].map(([text]) => text.slice(0, 120));
for (const text of loading) {
  console.error(`the reference would load: ${text}`);
}
writeFileSync(process.argv[2], whole);
process.exit(loading.length ? 1 : 0);
