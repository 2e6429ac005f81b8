// The token is in the fragment, which browsers do not send: this posts it, and leaves it neither in the address bar nor
// in the history.
"use strict";

async function signIn(token) {
  const state = document.getElementById("state");
  state.textContent = "Signing in …";
  try {
    const answer = await fetch("/login", { method: "POST", headers: { "Content-Type": "text/plain" }, body: token });
    if (answer.ok) location.replace("/");
    else state.textContent = await answer.text();
  } catch {
    state.textContent = "The server cannot be reached. Is it still running?";
  }
}

function useLink() {
  const token = location.hash.slice(1);
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  signIn(token);
}

addEventListener("hashchange", useLink);
useLink();
