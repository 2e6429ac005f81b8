// SPDX-License-Identifier: MIT
// The chosen theme, before anything is painted. Storage may be forbidden: then the system's theme it is.
try {
  document.documentElement.dataset.theme = localStorage.getItem('helmdesk-theme') || ''
} catch {
  document.documentElement.dataset.theme = ''
}
