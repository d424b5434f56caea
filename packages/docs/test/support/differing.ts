/** A program in which something is not as it should be. */
import { expect } from "../../demo/expect.js"
import { runMain } from "../../demo/runMain.js"

runMain(expect("two and two", 2 + 2, 5), 130)
