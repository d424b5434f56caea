/** Beast's error codes and our tags: `bad_sec_key` is `BadSecKey`. */
export const tagOf = (code: string): string =>
  `_${code}`.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
