/** Vitest's coverage by V8, of which each test file counts for its own sources only. Loaded by coverage.js. */
import v8 from "@vitest/coverage-v8"

/** Modules of the kernel count what their own mirror test runs, those of another package what any test of that package does. */
export const counts = (project, test, source) => {
  const [, folder, module] = /\/packages\/(\w+)\/src\/(.*)\.ts$/.exec(source) ?? []
  return folder === project && (project !== "protocol" || test === `test/${module}.test.ts`)
}

const own = (result, { projectName, testFiles }) =>
  result.filter(({ url }) => testFiles.some((test) => counts(projectName, test, url)))

export default {
  ...v8,
  async getProvider() {
    const provider = await v8.getProvider()
    const record = provider.onAfterSuiteRun.bind(provider)
    provider.onAfterSuiteRun = ({ coverage, ...suite }) =>
      record({ ...suite, coverage: { ...coverage, result: own(coverage.result, suite) } })
    return provider
  }
}
