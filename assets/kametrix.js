/* Behaviour of the shared parts that needs no server: one listener per kind, for everything that is or will be on a page. */
(() => {
  const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);
  const visible = (element) => element.offsetParent !== null || element.getClientRects().length > 0;

  /* Rows of a list: up, down, home, end. Enter is the link's own. */
  const walk = (event, links) => {
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: Math.min(at + 1, links.length - 1), ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at === -1) return;
    event.preventDefault();
    if (to >= 0) links[to].focus();
    else document.querySelector(`[data-filter="${closest(event, "[data-rows]").id}"]`)?.focus();
  };
  const linksOf = (list) => [...list.querySelectorAll("a, [type=submit].tap")].filter(visible);

  /* The palette: typing filters, the first hit is the best, enter opens it, down walks into the list. */
  const filter = (input) => {
    const wanted = input.value.trim().toLowerCase();
    const hits = [...document.getElementById(input.dataset.filter).children];
    hits.forEach((hit) => { hit.hidden = !hit.querySelector(".clip").textContent.toLowerCase().includes(wanted); });
    const best = hits.find((hit) => !hit.hidden);
    hits.forEach((hit) => hit.classList.toggle("best", hit === best && wanted !== ""));
  };
  const fromFilter = (event, input) => {
    const links = linksOf(document.getElementById(input.dataset.filter));
    if (event.key === "ArrowDown" && links.length) { event.preventDefault(); links[0].focus(); }
    if (event.key === "Enter" && links.length) { event.preventDefault(); links[0].click(); }
  };

  /* Bars of a chart: left, right, home, end. On a touch screen the first tap tells a bar's numbers, the second opens its calls. */
  const walkBars = (event, links) => {
    const at = links.indexOf(document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: links.length - 1 }[event.key];
    if (at === -1 || !links[to]) return;
    event.preventDefault();
    links[to].focus();
  };
  addEventListener("click", (event) => {
    const told = document.querySelector("[data-told]");
    const bar = closest(event, "[data-bars] a");
    told?.removeAttribute("data-told");
    if (!bar || bar === told || event.pointerType !== "touch") return;
    event.preventDefault();
    event.stopPropagation();
    bar.setAttribute("data-told", "");
  }, true);

  /* Keys that press something: its data-keys names them. Nothing while somebody types, or a dialog is open. */
  const press = (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || closest(event, "input, textarea, select, [role=dialog], [role=menu]")) return;
    const pressed = [...document.querySelectorAll("[data-keys]")].find((one) => one.dataset.keys.split(" ").includes(event.key) && visible(one));
    if (!pressed || document.querySelector("[role=dialog], [role=alertdialog]")) return;
    event.preventDefault();
    if (pressed.matches("input")) pressed.select(); else pressed.click();
  };
  const clear = (input) => {
    if (!input.value) return input.blur();
    input.value = "";
    input.form.requestSubmit();
  };

  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && closest(event, "[data-clears]")) return clear(event.target);
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k" && document.getElementById("palette")) {
      event.preventDefault();
      if (!document.querySelector("[data-filter]")) document.getElementById("palette").click();
      return;
    }
    const list = closest(event, "[data-rows]");
    if (list) walk(event, linksOf(list));
    const bars = closest(event, "[data-bars]");
    if (bars) walkBars(event, linksOf(bars));
    const input = closest(event, "[data-filter]");
    if (input) fromFilter(event, input);
    if (!event.defaultPrevented) press(event);
  });

  /* A dialog gives the focus back to what opened it (a menu counts as its button), or to the page when that is gone. */
  let opener = null;
  addEventListener("focusin", (event) => {
    const menu = closest(event, "[role=menu]");
    if (menu) opener = document.getElementById(menu.getAttribute("aria-labelledby"));
    else if (!closest(event, "[role=alertdialog], [role=dialog]")) opener = event.target;
  });
  window.backToOpener = () => (opener?.isConnected ? opener : document.getElementById("content"))?.focus({ preventScroll: true });

  /* Past the navigation: the router would take the address for a page. */
  addEventListener("click", (event) => {
    if (!closest(event, ".skip")) return;
    event.preventDefault();
    event.stopPropagation();
    document.getElementById("content").focus();
  }, true);

  /* A search draws its fields anew: whoever has keys goes on in the same one. */
  addEventListener("submit", (event) => {
    const { id } = document.activeElement;
    if (!event.target.matches("[role=search]") || !id || !matchMedia("(hover: hover)").matches) return;
    const again = setInterval(() => { if (document.activeElement === document.body) document.getElementById(id)?.focus(); }, 50);
    setTimeout(() => clearInterval(again), 2000);
  });

  /* A double click on what sends a form is one. */
  addEventListener("click", (event) => {
    if (event.detail < 2 || !closest(event, "[type=submit]")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  /* What must be typed before something is destroyed. */
  const check = (input) => input.setCustomValidity(input.value.trim() === input.dataset.word.trim() ? "" : `Type ${input.dataset.word} to confirm.`);

  /* A text of limited size, typed or read from a file: more than one message to the server may carry is told before it is sent. */
  const weigh = (area) => area.setCustomValidity(new Blob([area.value]).size > Number(area.dataset.most) ? "This is too large for one import. Split it." : "");
  const fill = async (input) => {
    const area = document.getElementById(input.dataset.fills);
    const file = input.files[0];
    if (!file) return;
    input.setCustomValidity(file.size > Number(area.dataset.most) ? "This file is too large for one import. Split it." : "");
    if (!input.reportValidity()) return;
    area.value = await file.text();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  addEventListener("change", (event) => { if (event.target.matches?.("[data-fills]")) fill(event.target); });

  addEventListener("input", (event) => {
    if (event.target.matches?.("[data-most]")) weigh(event.target);
    if (event.target.matches?.("[data-filter]")) filter(event.target);
    if (event.target.matches?.("[data-word]")) check(event.target);
    if (event.target.matches?.("[data-scrub]")) seek(event.target.closest("[data-player]"), null, event.target.value / 100);
  });

  /* Copying, showing a password, pressing another button. */
  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("done");
    button.querySelector("[role=status]").textContent = "Copied";
    setTimeout(() => { button.classList.remove("done"); button.querySelector("[role=status]").textContent = ""; }, 1600);
  };
  const show = (button) => {
    const input = document.getElementById(button.dataset.shows);
    input.type = input.type === "password" ? "text" : "password";
    button.setAttribute("aria-pressed", String(input.type === "text"));
  };

  /* The recording. */
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const audioOf = (player) => player.querySelector("audio");
  const length = (audio) => (Number.isFinite(audio.duration) ? audio.duration : Number(audio.dataset.seconds));
  const seek = (player, seconds, share) => {
    const audio = audioOf(player);
    audio.currentTime = seconds ?? share * length(audio);
    follow(player);
  };
  const play = (player) => audioOf(player).play().catch(() => player.classList.add("failed"));
  const follow = (player) => {
    const audio = audioOf(player);
    const share = length(audio) ? (audio.currentTime / length(audio)) * 100 : 0;
    player.querySelector(".voices").style.setProperty("--heard", `${share}%`);
    const scrub = player.querySelector("[data-scrub]");
    scrub.value = share;
    scrub.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(length(audio))}`);
    player.querySelector("[data-heard]").textContent = clock(audio.currentTime);
    const turns = [...document.querySelectorAll("[data-at]")];
    const now = audio.currentTime > 0 ? turns.filter((turn) => Number(turn.dataset.at) <= audio.currentTime + 0.05).pop() : null;
    turns.forEach((turn) => turn.classList.toggle("turn-now", turn === now));
  };
  const changed = (event) => {
    const player = closest(event, "[data-player]");
    if (!player) return;
    const audio = audioOf(player);
    player.classList.toggle("playing", !audio.paused);
    player.classList.toggle("failed", audio.error !== null);
    player.querySelector("[data-play]").setAttribute("aria-label", audio.paused ? "Play the recording" : "Pause the recording");
    follow(player);
  };
  for (const kind of ["timeupdate", "play", "pause", "ended", "loadedmetadata", "error"]) addEventListener(kind, changed, true);

  /* Words read by a voice on this device; pressed again it is silent. Others would send the words to somebody else's server. */
  const voiceFor = (language) => speechSynthesis.getVoices().find((voice) => voice.localService && voice.lang.slice(0, 2).toLowerCase() === language.slice(0, 2));
  window.speechSynthesis?.getVoices(); // they are loaded when first asked for
  const say = (button) => {
    const voice = window.speechSynthesis;
    const status = button.parentElement.querySelector("[role=status]");
    const fail = () => { status.textContent = "This device has no voice of its own to read it with. Call your agent once it is created."; };
    if (voice?.speaking) return voice.cancel();
    const own = voice && voiceFor(button.dataset.language);
    if (!own) return fail();
    const words = new SpeechSynthesisUtterance(button.dataset.says);
    words.voice = own;
    words.lang = own.lang;
    words.onerror = (event) => { if (!["canceled", "interrupted"].includes(event.error)) fail(); };
    voice.speak(words);
  };

  addEventListener("click", (event) => {
    const button = closest(event, "[data-copy], [data-shows], [data-opens], [data-play], [data-seek], [data-says]");
    if (!button) return;
    const { copy: words, shows, opens, seek: at, says } = button.dataset;
    const player = document.querySelector("[data-player]");
    if (words !== undefined) copy(button);
    else if (shows !== undefined) show(button);
    else if (says !== undefined) say(button);
    else if (opens !== undefined) document.getElementById(opens).click();
    else if (at !== undefined && player) { seek(player, Number(at)); play(player); }
    else if (player) audioOf(player).paused ? play(player) : audioOf(player).pause();
  });

  /* What is going on now counts its seconds here, from the number the server last told; the reader's clock may be wrong. */
  const began = new WeakMap();
  setInterval(() => document.querySelectorAll("[data-elapsed]").forEach((element) => {
    const told = element.dataset.elapsed;
    if (began.get(element)?.told !== told) began.set(element, { told, at: performance.now() - told * 1000 });
    element.textContent = clock((performance.now() - began.get(element).at) / 1000);
  }), 250);

  /* "Just now" is true for a minute. */
  const savedAt = new WeakMap();
  setInterval(() => document.querySelectorAll("[data-saved]").forEach((element) => {
    if (!savedAt.has(element)) savedAt.set(element, performance.now());
    if (performance.now() - savedAt.get(element) > 60000) element.textContent = element.textContent.replace("just now", "a while ago");
  }), 5000);

  /* A form that is posted is sent once; coming back to the page wakes its buttons. */
  const rest = (form, resting) => form.querySelectorAll("button[type=submit]").forEach((button) => {
    button.toggleAttribute("data-disabled", resting);
    button.setAttribute("aria-disabled", String(resting));
  });
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    rest(form, true);
  });
  /* Back from somebody else's page: one kept as it was left would still be busy leaving. */
  addEventListener("pageshow", (event) => { if (event.persisted && document.querySelector('[data-leaving="yes"]')) location.reload(); });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; rest(form, false); }));
})();
