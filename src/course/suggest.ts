/** ". Did you mean "x"?" for the nearest of the words that could have been meant; "" when none is near. */
export function didYouMean(word: string, words: readonly string[]): string {
  const tolerance = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  const [nearest] = words
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate) }))
    .filter((entry) => entry.distance > 0 && entry.distance <= tolerance)
    .toSorted((a, b) => a.distance - b.distance);
  return nearest === undefined ? '' : `. Did you mean "${nearest.candidate}"?`;
}

/** How many letters must be added, removed or replaced to get from one word to the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}
