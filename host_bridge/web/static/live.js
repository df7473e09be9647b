// Replaces the table with that of a fresh page every two seconds, while the page is looked at.
"use strict";
const live = document.getElementById("live");
const connection = document.getElementById("connection");

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      live.replaceChildren(...page.getElementById("live").childNodes);
      document.title = page.title;
      document.querySelector("time").textContent = page.querySelector("time").textContent;
      connection.textContent = "refreshed every two seconds";
      connection.className = "";
    } catch {
      connection.textContent = "the bridge does not answer; trying again";
      connection.className = "lost";
    }
  }
  setTimeout(refresh, 2000);
}
setTimeout(refresh, 2000);
