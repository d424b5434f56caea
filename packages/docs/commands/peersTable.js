/** The table of peers.md, made of what the tests with other implementations had to say. Written by peers.js. */

/** Each peer as the page calls it, and how the names of tests do; the first that fits. */
const peers = [
  ["ws", /\bws\b/],
  ["undici", /\bundici\b/],
  ["Boost.Beast", /\bBeast\b/],
  ["Chromium", /\bChromium\b/],
  ["Python's websockets", /\bPython's websockets\b/],
  ["nginx, ending TLS", /\bnginx\b.*\bends TLS\b/],
  ["nginx", /\bnginx\b/],
  ["Bun", /\bBun\b/],
  ["Deno", /\bDeno\b/]
]

const roles = [
  ["server", /\bthe server of\b/],
  ["client", /\bthe client of\b|^Chromium\b/],
  ["reverse proxy", /\bnginx\b/]
]

const named = (known, name) => known.find(([, pattern]) => pattern.test(name))?.[0]

/** Whom a test is with, what that one is in it, and whether there is compression: by the test's name, that of its group first. */
export const kindOf = (name) => ({
  peer: named(peers, name),
  role: named(roles, name) ?? "both",
  deflated: /deflate|compressed/i.test(name) ? "yes" : "no"
})

const order = (row) => peers.findIndex(([peer]) => peer === row.peer)

/** Tests as `{ name, file, passed }`, counted by their kind and file, in the order of the peers. */
export const rowsOf = (tests) => {
  const rows = new Map()
  for (const { file, name, passed } of tests) {
    const kind = kindOf(name)
    const key = JSON.stringify([kind, file])
    const row = rows.get(key) ?? { ...kind, file, passed: 0, all: 0 }
    rows.set(key, { ...row, all: row.all + 1, passed: row.passed + (passed ? 1 : 0) })
  }
  return [...rows.values()].sort((one, other) => order(one) - order(other))
}

const line = (cells, widths) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`

/** The rows as Markdown; `versions` by the names of the peers, without what is said behind a comma. */
export const format = (rows, versions) => {
  const body = rows.map(({ all, deflated, file, passed, peer, role }) => [
    peer,
    versions[peer.split(",")[0]],
    role,
    deflated,
    `${passed} of ${all}`,
    `[${file.split("/").at(-1)}](../${file.replace("packages/", "")})`
  ])
  const head = ["peer", "version", "it is", "deflated", "passed", "tests"]
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((cells) => cells[at].length)))
  const rule = widths.map((width) => "-".repeat(width))
  return [head, rule, ...body].map((cells) => line(cells, widths)).join("\n")
}

const table = /^\| peer .*(\n\|.*)+/m

/** The page with another table, and the day and the runtime of the run. */
export const replaceIn = (page, written, day) =>
  page.replace(table, () => written).replace(/^Last written on .*$/m, () => `Last written on ${day}.`)
