// SPDX-License-Identifier: MIT
// Waiting for what takes as long as it takes: no test depends on how fast a machine is.

export const PATIENCE = Number(process.env.PATIENCE ?? 60000)

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Tries a check until it throws nothing and answers something, and throws what it threw last. */
export async function eventually(check, what = 'what was waited for', patience = PATIENCE) {
  const end = Date.now() + patience
  for (;;) {
    let fault
    try {
      const value = await check()
      if (value !== false && value != null) return value
      fault = new Error(`${what} does not come within ${patience / 1000} s`)
    } catch (error) {
      fault = error
    }
    if (Date.now() > end) throw fault
    await pause(40)
  }
}
