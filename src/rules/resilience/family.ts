// The family of a model: its name without the vendor before it and the date or version after it, since limits and outages are shared by all of these.
// A key and a label, never a name to send.

const LONGEST_NAME = 300;
const LONGEST_FAMILY = 64;

/** `us.anthropic.`, `anthropic.`, but not the dot of `gpt-4.1`. */
const DOTTED_VENDOR = /^(?:(?:us-gov|ai21|[a-z]+)\.(?=[a-z]))+/;
/** `-20250929`, `-2024-08-06`, `-06-05`, `-0613`, `-2407`, `-002`, `-latest`. */
const STAMP = /-(?:\d{8}|\d{4}-\d{2}-\d{2}|\d{2}-\d{2}|\d{4}|\d{3}|latest)$/;

/** E.g. `claude-sonnet-4-5` of `us.anthropic.claude-sonnet-4-5-20250929-v1:0`; '' of ''. At most 64 of `a-z 0-9 . _ + -`. */
export function modelFamily(model: string): string {
  const name = model.slice(0, LONGEST_NAME).trim().toLowerCase();
  const last = name.slice(name.lastIndexOf('/', name.length - 2) + 1).replace(/^ft:/, '');
  const own = last.replace(DOTTED_VENDOR, '');
  const bare = own === last ? own.replace(/-v\d+:\d.*$/, '') : own.replace(/-v\d+(?::.*)?$/, '');
  let family = bare
    .replace(/[@:[].*$/s, '')
    .replace(/[^a-z0-9._+-]+/g, '-')
    .slice(0, LONGEST_FAMILY);
  while (STAMP.test(family)) family = family.replace(STAMP, '');
  return family === '' ? name.replace(/[^a-z0-9._+-]+/g, '-').slice(0, LONGEST_FAMILY) : family;
}
