"use strict";
// Start page: the button names the number that will be called.
const form = document.querySelector("#place");
if (form) {
  const label = form.querySelector("#call-label");
  const name = () => {
    const chosen = form.querySelector("input[name=number]:checked");
    if (chosen) label.textContent = `Call ${chosen.dataset.text}`;
  };
  form.addEventListener("change", name);
  form.addEventListener("submit", () => { form.querySelector("button[type=submit]").disabled = true; });
  window.addEventListener("pageshow", () => { form.querySelector("button[type=submit]").disabled = false; name(); });
}

// Call page: parts marked data-live are fetched again while the call lives and replaced where they changed.
const call = document.querySelector("[data-call]");
if (call) {
  const address = `/calls/${call.dataset.call}`;
  const say = document.querySelector("#say");
  let misses = 0;
  let pause = 400;

  const swap = (fresh) => {
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (next) part.className = next.className;
      if (!next || next.innerHTML === part.innerHTML) continue;
      if (part.dataset.live === "turns") turns(part, next);
      else part.innerHTML = next.innerHTML;
    }
  };
  const turns = (list, next) => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    [...next.children].forEach((item, place) => {
      const old = list.children[place];
      if (!old) list.append(item.cloneNode(true));
      else if (old.outerHTML !== item.outerHTML) old.replaceWith(item.cloneNode(true));
    });
    if (atEnd) list.scrollTop = list.scrollHeight;
  };
  const look = async () => {
    try {
      const text = await (await fetch(address, { cache: "no-store" })).text();
      const fresh = new DOMParser().parseFromString(text, "text/html");
      swap(fresh);
      misses = 0;
      const state = fresh.querySelector("[data-call]");
      const ended = state && state.dataset.ended === "yes";
      if (ended && say) say.hidden = true;
      if (ended) pause = 1500;
      if (state && state.dataset.live === "no") return;
    } catch { misses += 1; }
    if (misses < 40) setTimeout(look, pause);
  };
  if (call.dataset.live !== "no") setTimeout(look, 300);

  const send = (path, body) => fetch(`/_control${address}/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (say) {
    const input = say.querySelector("input");
    input.focus();
    say.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (!text) return;
      input.value = "";
      const answer = await send("say", { text }).catch(() => null);
      if (!answer || !answer.ok) input.value = text;
    });
  }
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "hang-up") return;
    event.preventDefault();
    event.target.querySelector("button").disabled = true;
    send("hang-up", {});
  });
}
