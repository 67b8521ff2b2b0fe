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
  const linksOf = (list) => [...list.querySelectorAll("a")].filter(visible);

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

  addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k" && document.getElementById("palette")) {
      event.preventDefault();
      if (!document.querySelector("[data-filter]")) document.getElementById("palette").click();
      return;
    }
    const list = closest(event, "[data-rows]");
    if (list) return walk(event, linksOf(list));
    const input = closest(event, "[data-filter]");
    if (input) fromFilter(event, input);
  });

  /* A confirmation gives the focus back to what opened it. */
  let opener = null;
  addEventListener("focusin", (event) => { if (!closest(event, "[role=alertdialog]")) opener = event.target; });
  window.backToOpener = () => { if (opener?.isConnected) opener.focus(); };

  /* What must be typed before something is destroyed. */
  const check = (input) => input.setCustomValidity(input.value.trim() === input.dataset.word.trim() ? "" : `Type ${input.dataset.word} to confirm.`);

  addEventListener("input", (event) => {
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

  /* The sample call of the front page: as it would be spoken, at twice the pace. */
  let sampleTimers = [];
  const playSample = () => {
    const sample = document.querySelector("[data-sample]");
    const time = sample.querySelector("[data-clock]");
    const turns = [...sample.querySelectorAll("[data-second]")];
    const summary = sample.querySelector(".sample-summary");
    const [minutes, seconds] = time.dataset.clock.split(":").map(Number);
    const total = minutes * 60 + seconds;
    const at = (second, work) => sampleTimers.push(setTimeout(work, second * 500));
    sampleTimers.forEach(clearTimeout);
    sampleTimers = [];
    [...turns, summary].forEach((part) => part.classList.add("soon"));
    sample.classList.add("running");
    sample.scrollIntoView({ block: "nearest" });
    turns.forEach((turn) => at(Number(turn.dataset.second), () => turn.classList.remove("soon")));
    for (let second = 0; second <= total; second++) at(second, () => { time.textContent = clock(second); });
    at(total, () => { summary.classList.remove("soon"); sample.classList.remove("running"); });
  };

  addEventListener("click", (event) => {
    if (closest(event, "[data-play-sample]")) return playSample();
    const button = closest(event, "[data-copy], [data-shows], [data-opens], [data-play], [data-seek]");
    if (!button) return;
    const { copy: words, shows, opens, seek: at } = button.dataset;
    const player = document.querySelector("[data-player]");
    if (words !== undefined) copy(button);
    else if (shows !== undefined) show(button);
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
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; rest(form, false); }));
})();
