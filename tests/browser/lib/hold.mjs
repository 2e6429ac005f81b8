// SPDX-License-Identifier: MIT
// Answers that come when a test says so.
import { settled } from './stage.mjs'

/**
 * Holds back the nth answer of those that fit; the others pass.
 *   const held = await hold(page, '**\/events')
 *   await held.made       // the server has answered, and what it says from now on is newer
 *   await held.release()  // until the page has done with it what it does
 * With `asked` it is the nth request that is held back: made says that it came, and the server answers after the release.
 */
export async function hold(page, pattern, nth = 1, { asked = false } = {}) {
  let made, release, seen = 0
  const self = { made: new Promise((resolve) => { made = resolve }) }
  const released = new Promise((resolve) => { release = resolve })
  const over = new Promise((resolve, reject) => {
    self.start = page.route(pattern, async (route) => {
      if (++seen !== nth) return route.continue()
      try {
        const response = asked ? null : await route.fetch()
        made()
        await released
        await (asked ? route.continue() : route.fulfill({ response }))
        resolve()
      } catch (error) {
        reject(error)
      }
    })
  })
  over.catch(() => {}) // told by release()
  await self.start
  self.release = async () => {
    release()
    await over
    await settled(page)
  }
  return self
}
