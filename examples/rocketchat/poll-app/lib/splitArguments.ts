/**
 * Rocket.Chat splits what a user typed at each space. This puts it together again and splits it
 * the way a shell does, so that "two words" are one argument.
 */
export function splitArguments(words: Array<string>): Array<string> {
  const parts = words.join(' ').match(/"[^"]*"|\S+/g) || [];
  return parts.map((part) => part.replace(/^"|"$/g, ''));
}
