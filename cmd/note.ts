// What a user says about a key or a token with --note. It is shown in lists, so it takes one line.
// It must not know what it is said about.
import { usage } from './failure.ts';

const MAX_NOTE = 200;

/** The note, '' where none was given. Throws CommandFailure (usage). */
export function parseNote(given: unknown): string {
  const note = typeof given === 'string' ? given : '';
  if (/\p{Cc}/u.test(note) || note.length > MAX_NOTE) throw usage(`--note takes one line of at most ${MAX_NOTE} characters`);
  return note;
}
